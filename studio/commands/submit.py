"""From a request to an accepted job: gate, one transaction, then the queue."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands.answers import Accepted
from studio.commands.spec import Call
from studio.db import ledger, outbox, records
from studio.db.moves import mark_queued
from studio.db.tables import JobRow, OutboxRow, PersonRow
from studio.errors import BadParameter, QueueUnavailable, TooManyJobs
from studio.events import JobAccepted
from studio.identifiers import new_job_id
from studio.jobs import JobState
from studio.ports import Admission, HouseRules, Ports
from studio.requests import PaintRequest
from studio.verdicts import Ruling, Verdict
from studio.wire import to_data


def submit(ports: Ports, call: Call, command: str, request: PaintRequest) -> Accepted:
    """Accept a request, once. Raises a `Refused` or a `BadRequest`; a lost queue is not an error here."""
    if request.count > ports.rules.max_pictures:
        raise BadParameter("count", f"at most {ports.rules.max_pictures} pictures at a time here.")
    with ports.database.read() as session:
        if earlier := _earlier(session, call.request_key):
            return earlier
        admission = _admission(session, call, command, request)
    verdict = ports.gate.admit(admission)
    verdict.raise_if_refused()
    with ports.database.begin() as session:
        lock_person(session, call)
        if earlier := _earlier(session, call.request_key):
            return earlier
        row = _accept(session, ports.rules, call, command, request, verdict)
        event = outbox.write(session, JobAccepted(job_id=row.id, platform=call.address.platform))
        ahead = records.jobs_ahead(session, records.job_of(row))
    enqueue(ports, row, [event])
    return Accepted(job_id=row.id, state=JobState(row.state), ahead=ahead)


def enqueue(ports: Ports, row: JobRow, events: list[OutboxRow]) -> None:
    """After the commit: tell the faces and the workers. What fails here, the sweeper repeats."""
    outbox.send(ports.database, ports.events, events)
    if row.state == JobState.HELD:
        return
    try:
        ports.queue.enqueue(row.id, priority=row.priority, model=row.model)
    except QueueUnavailable:
        return
    with ports.database.begin() as session:
        mark_queued(session, row.id, at=now())


def lock_person(session: Session, call: Call) -> None:
    """Make the person's row if needed and hold it until the commit: their requests go through one by one."""
    person = call.person
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(PersonRow).values(
        key=person.key,
        platform=person.platform,
        community=person.community,
        user_id=person.user_id,
        display_name=person.display_name[:100],
        first_seen_at=now(),
    )
    name = {"display_name": statement.excluded.display_name}
    session.execute(statement.on_conflict_do_update(index_elements=[PersonRow.key], set_=name))


def _earlier(session: Session, request_key: str) -> Accepted | None:
    row = session.scalar(select(JobRow).where(JobRow.request_key == request_key))
    if row is None:
        return None
    ahead = records.jobs_ahead(session, records.job_of(row))
    return Accepted(job_id=row.id, state=JobState(row.state), ahead=ahead, repeated=True)


def _admission(session: Session, call: Call, command: str, request: PaintRequest) -> Admission:
    origins = [source.picture_id for source in request.sources if source.picture_id]
    family = [records.find_picture(session, each, viewer=call.person) for each in origins]
    family += records.ancestors(session, origins)
    return Admission(
        person=call.person,
        command=command,
        request=request,
        outstanding_jobs=records.outstanding_jobs(session, call.person.key),
        lineage_prompts=tuple(picture.recipe.prompt for picture in reversed(family)),
    )


def _accept(
    session: Session, rules: HouseRules, call: Call, command: str, request: PaintRequest, verdict: Verdict
) -> JobRow:
    at = now()
    outstanding = records.outstanding_jobs(session, call.person.key)
    if outstanding >= rules.max_outstanding_jobs:
        raise TooManyJobs(limit=rules.max_outstanding_jobs)
    if rules.monthly_credits is not None:
        ledger.grant_monthly(session, call.person.key, credits=rules.monthly_credits, at=at)
    row = _job_row(call, command, request, verdict, priority=min(9, outstanding), at=at)
    session.add(row)
    session.flush()
    ledger.reserve(session, row, limited=rules.monthly_credits is not None)
    return row


def _job_row(
    call: Call, command: str, request: PaintRequest, verdict: Verdict, *, priority: int, at: datetime
) -> JobRow:
    return JobRow(
        id=new_job_id(),
        request_key=call.request_key,
        command=command,
        request=to_data(request),
        person_key=call.person.key,
        person=to_data(call.person),
        address=to_data(call.address),
        platform=call.person.platform,
        community=call.person.community,
        model=request.model,
        state=JobState.HELD if verdict.ruling is Ruling.HOLD else JobState.ACCEPTED,
        priority=priority,
        cost=request.cost,
        attempts=0,
        cancel_requested=False,
        created_at=at,
    )
