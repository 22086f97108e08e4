"""/appeal: ask a moderator to look again at what a rule refused, or at a picture that a moderator took down."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import ReportFiled
from studio.commands.spec import Call, CommandSpec
from studio.db import outbox, queries
from studio.db.cases import add_statement, case_of, find_open_appeal, find_suspension, open_case
from studio.db.identities.linked_identities import same_human
from studio.db.identities.people import lock_person
from studio.db.tables import CaseRow, OutboxRow
from studio.db.takedowns.taken_down_pictures import find_appealable
from studio.domain.cases import Case, CaseKind, NewCase
from studio.domain.identifiers import split_picture_id
from studio.domain.jobs import Job, JobState
from studio.errors import BadParameterError, NotAllowedError
from studio.parsing.text_cleaning import clean_text
from studio.ports import Ports
from studio.services import file_references


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    job: str
    reason: str = ""


def appeal(ports: Ports, call: Call, command: Appeal) -> ReportFiled:
    """The owner of a refused job, or of a picture that was taken down, appeals, once, where somebody moderates.

    `job` may also be the id of a picture. Where the job led to a suspension that waits for a moderator, the reason
    becomes part of that case.

    Raises `NotFoundError`, `NotAllowedError` and `BadParameterError`.
    """
    ports.gate.require_moderators(call.person)
    with ports.database.begin() as session:
        lock_person(session, call.person)  # of two clicks at once, the second finds the case of the first
        split = split_picture_id(command.job)
        job = queries.find_job(session, split[0] if split else command.job, viewer=call.person)
        if not same_human(session, job.person.key, call.person.key):
            raise NotAllowedError("asker_only")
        if job.state is not JobState.REFUSED:
            case, events = _open_about_picture(session, call, job, command)
        elif frozen := find_suspension(session, job.id):
            events = add_statement(session, frozen, call.person, clean_text(command.reason))
            case = case_of(frozen)
        elif not job.appealable:
            raise NotAllowedError("no_appeal")
        else:
            file_references.require_uploads(session, job.id)  # it could not be painted
            case, events = _open(session, call, job, command)
    outbox.send(ports.database, ports.events, events)
    return ReportFiled(case=case, repeated=not events)


def _open_about_picture(
    session: Session, call: Call, job: Job, command: Appeal
) -> tuple[Case, list[OutboxRow]]:
    """About the picture that is named, or the first of the job that was taken down."""
    rows = find_appealable(session, [job.person.key], job.id)
    found = next((row for row in rows if command.job in (row.id, job.id)), None)
    if found is None and split_picture_id(command.job):
        raise BadParameterError("job", "not_taken_down")
    if found is None:
        raise BadParameterError("job", "not_refused")
    if waiting := find_open_appeal(session, found.id):
        return waiting, []
    report = session.get(CaseRow, found.taken_down_by) if found.taken_down_by else None
    # One that was shown again may be taken down again.
    takedown = found.appeal_until.timestamp() if found.appeal_until else ""
    rule, category = (report.rule, report.category) if report else ("", "")
    new = _new_appeal(call, job, command, f"{found.id}:{takedown}")
    return open_case(session, replace(new, picture_id=found.id, rule=rule, category=category))


def _open(session: Session, call: Call, job: Job, command: Appeal) -> tuple[Case, list[OutboxRow]]:
    return open_case(session, _new_appeal(call, job, command, job.id))


def _new_appeal(call: Call, job: Job, command: Appeal, about: str) -> NewCase:
    """About the refusal of the job. `about` makes one case of appeals about the same thing."""
    return NewCase(
        kind=CaseKind.APPEAL,
        case_key=f"appeal:{about}",
        subject=job.person,
        filed_by=call.person,
        job_id=job.id,
        rule=job.refused_rule,
        category=job.refused_category,
        words=clean_text(command.reason),
    )


SPEC = CommandSpec(
    name="appeal",
    summary="Ask a moderator to look again at a refused request, or at a picture that was taken down.",
    example="/appeal k3v9m2p4qx7a --reason it is from a textbook",
    build=Appeal,
    handle=appeal,
    parameters=(
        Parameter(
            name="job",
            kind=Kind.JOB,
            summary="The job's id, or the picture's.",
            pictures=True,
            required=True,
            positional=True,
        ),
        Parameter(name="reason", kind=Kind.TEXT, literal=True, summary="Why it should pass.", max_length=500),
    ),
    paints=False,
    open_to_banned=True,
)
