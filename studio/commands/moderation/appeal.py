"""/appeal: ask a moderator to look again at what a rule refused."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import ReportFiled
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.job_creation import CORE
from studio.db import outbox, queries
from studio.db.cases import add_statement, case_of, find_suspension, open_case
from studio.db.identities.linked_identities import same_human
from studio.db.identities.people import lock_person
from studio.db.tables import OutboxRow
from studio.domain.cases import Case, CaseKind, NewCase
from studio.domain.jobs import Job, JobState
from studio.errors import BadParameterError, NotAllowedError
from studio.parsing.text_cleaning import clean_text
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    job: str
    reason: str = ""


def appeal(ports: Ports, call: Call, command: Appeal) -> ReportFiled:
    """The owner of a refused job appeals, once, where somebody moderates.

    Where the job led to a suspension that waits for a moderator, the reason becomes part of that case.

    Raises `NotFoundError`, `NotAllowedError` and `BadParameterError`.
    """
    ports.gate.require_moderators(call.person)
    with ports.database.begin() as session:
        lock_person(session, call.person)  # of two clicks at once, the second finds the case of the first
        job = queries.find_job(session, command.job, viewer=call.person)
        if not same_human(session, job.person.key, call.person.key):
            raise NotAllowedError("asker_only")
        if job.state is not JobState.REFUSED:
            raise BadParameterError("job", "not_refused")
        if frozen := find_suspension(session, job.id):
            events = add_statement(session, frozen, call.person, clean_text(command.reason))
            case = case_of(frozen)
        elif job.error_code == CORE:
            raise NotAllowedError("no_appeal")
        else:
            case, events = _open(session, call, job, command)
    outbox.send(ports.database, ports.events, events)
    return ReportFiled(case=case, repeated=not events)


def _open(session: Session, call: Call, job: Job, command: Appeal) -> tuple[Case, list[OutboxRow]]:
    return open_case(
        session,
        NewCase(
            kind=CaseKind.APPEAL,
            case_key=f"appeal:{job.id}",
            subject=job.person,
            filed_by=call.person,
            job_id=job.id,
            rule=job.refused_rule,
            category=job.refused_category,
            words=command.reason,
        ),
    )


SPEC = CommandSpec(
    name="appeal",
    summary="Ask a moderator to look again at a refused request.",
    example="/appeal k3v9m2p4qx7a --reason it is from a textbook",
    build=Appeal,
    handle=appeal,
    parameters=(
        Parameter(name="job", kind=Kind.JOB, summary="The job's id.", required=True, positional=True),
        Parameter(name="reason", kind=Kind.TEXT, literal=True, summary="Why it should pass.", max_length=500),
    ),
    paints=False,
    open_to_banned=True,
)
