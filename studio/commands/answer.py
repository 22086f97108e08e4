"""/answer: say whether somebody may build on a picture of one's own."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio import releases
from studio.cases import CaseKind, CaseState, Decision
from studio.clock import now
from studio.commands.answers import Decided
from studio.commands.spec import Call, CommandSpec, Kind, Parameter
from studio.commands.submit import enqueue
from studio.db import cases, outbox
from studio.db.humans import same_human
from studio.db.tables import CaseRow, JobRow, OutboxRow
from studio.errors import CaseTaken, NotAllowed
from studio.jobs import JobState
from studio.ports import Ports

_DECLINED = "The person who made the picture would rather not have it built on. Nothing was charged."


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerConsent:
    case: str
    answer: str


def answer_consent(ports: Ports, call: Call, command: AnswerConsent) -> Decided:
    """Only the person who was asked answers, once. Raises `NotFound`, `NotAllowed` and `CaseTaken`."""
    decision = Decision.APPROVE if command.answer == "yes" else Decision.REJECT
    with ports.database.begin() as session:
        case = cases.find_case(session, command.case)
        asked = case.addressee and same_human(session, case.addressee, call.person.key)
        if case.kind is not CaseKind.CONSENT or not asked:
            raise NotAllowed("Only the person who made the picture can answer this.")
        if not cases.close(session, case.id, decision, by=call.person.key, at=now()):
            raise CaseTaken(closed=True)
        row = session.get_one(CaseRow, case.id)
        session.refresh(row)
        follow = _follow(session, row.job_id or "", decision)
        events = [cases.changed(session, row), *follow]
        case, job = cases.case_of(row), session.get_one(JobRow, row.job_id)
    if follow and decision is Decision.APPROVE:
        enqueue(ports, job, events)
    else:
        outbox.send(ports.database, ports.events, events)
    return Decided(case=case)


def _follow(session: Session, job_id: str, decision: Decision) -> list[OutboxRow]:
    """One no ends the job; it goes on when the last one asked has said yes."""
    if decision is Decision.REJECT:
        return releases.stop(session, job_id, JobState.CANCELLED, error_code="consent", error_text=_DECLINED)
    others = select(CaseRow.id).where(CaseRow.job_id == job_id, CaseRow.state == CaseState.OPEN)
    return [] if session.scalars(others).first() else releases.paint(session, job_id, cleared=False)


SPEC = CommandSpec(
    name="answer",
    summary="Say whether somebody may build on a picture of yours.",
    example="/answer k3v9m2p4qx7a yes",
    build=AnswerConsent,
    handle=answer_consent,
    parameters=(
        Parameter(name="case", kind=Kind.CASE, summary="The question's id.", required=True, positional=True),
        Parameter(
            name="answer",
            kind=Kind.CHOICE,
            summary="Yes or no.",
            choices=("yes", "no"),
            required=True,
            positional=True,
        ),
    ),
    paints=False,
)
