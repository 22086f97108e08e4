"""/answer: say whether somebody may build on a picture of one's own."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import CaseDecided
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.submit import enqueue
from studio.db import cases, outbox
from studio.db.identities.linked_identities import same_human
from studio.db.tables import JobRow, OutboxRow
from studio.domain.cases import Case, CaseKind, Decision
from studio.domain.jobs import JobState
from studio.errors import CaseTakenError, NotAllowedError
from studio.ports import Ports
from studio.services import held_job_decisions

_DECLINED = to_stored(coded("stopped.declined"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerConsent:
    case: str
    answer: str


def answer_consent(ports: Ports, call: Call, command: AnswerConsent) -> CaseDecided:
    """Only the person who was asked answers, once. Raises `NotFoundError`, `NotAllowedError` and `CaseTakenError`."""
    decision = Decision.APPROVE if command.answer == "yes" else Decision.REJECT
    with ports.database.begin() as session:
        case = cases.find_case(session, command.case)
        asked = case.addressee and same_human(session, case.addressee, call.person.key)
        if case.kind is not CaseKind.CONSENT or not asked:
            raise NotAllowedError("maker_only")
        # Owners who answer at the same moment go one by one, or each would leave the job to the other.
        job = session.get_one(JobRow, case.job_id, with_for_update=True)
        row = cases.close(session, case.id, decision, by=call.person.key, at=now())
        if row is None:
            raise CaseTakenError(closed=True)
        case = cases.case_of(row)
        follow = _follow(session, case, decision)
        events = [cases.write_case_changed(session, row), *follow]
    if follow and decision is Decision.APPROVE:
        enqueue(ports, job, events)
    else:
        outbox.send(ports.database, ports.events, events)
    return CaseDecided(case=case)


def _follow(session: Session, case: Case, decision: Decision) -> list[OutboxRow]:
    """One no ends the job, whatever the others would say; it goes on when the last one asked has said yes."""
    job_id = case.job_id or ""
    if decision is Decision.REJECT:
        return held_job_decisions.stop(
            session, job_id, JobState.CANCELLED, error_code="consent", error_text=_DECLINED
        )
    if cases.find_jobs_awaiting_consent(session, [job_id]):
        return []
    cleared = session.get_one(JobRow, job_id).cleared  # by a moderator, before the owners were asked
    return held_job_decisions.release(session, job_id, cleared=cleared)


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
