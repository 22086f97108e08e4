"""From a request to an accepted job: gate, one transaction, then the queue."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands import acceptance, consent
from studio.commands.answers import Accepted
from studio.commands.spec import Call
from studio.db import outbox, records
from studio.db.choices import community_rules
from studio.db.moves import mark_queued
from studio.db.people import lock_person
from studio.db.tables import JobRow, OutboxRow
from studio.errors import BadParameter, ElsewhereOnly, Paused, PolicyRefusal, QueueUnavailable
from studio.events import JobAccepted
from studio.jobs import JobState
from studio.ports import Admission, Allowance, Ports
from studio.requests import PaintRequest
from studio.verdicts import Ruling, Verdict


def submit(ports: Ports, call: Call, command: str, request: PaintRequest) -> Accepted:
    """Accept a request, once. Raises a `Refused` or a `BadRequest`; a lost queue is not an error here."""
    allowance = ports.gate.allowance(call.person)
    if request.count > allowance.max_pictures:
        raise BadParameter("count", f"at most {allowance.max_pictures} pictures at a time here.")
    with ports.database.read() as session:
        if earlier := _earlier(session, call.request_key):
            return earlier
        _require_open(session, call)
        consent.require(session, call.person, request)
        admission = admission_of(session, call, command, request)
    verdict = ports.gate.admit(admission)
    if verdict.ruling is Ruling.REFUSE:
        raise _refusal(ports, call, command, request, verdict)
    with ports.database.begin() as session:
        lock_person(session, call.person)
        if earlier := _earlier(session, call.request_key):
            return earlier
        row, events = _accept(session, ports, call, command, request, verdict, allowance)
        ahead = records.jobs_ahead(session, records.job_of(row))
    enqueue(ports, row, events)
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


def admission_of(session: Session, call: Call, command: str, request: PaintRequest) -> Admission:
    """Raises `NotFound` for a source that is out of the person's reach."""
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


def _require_open(session: Session, call: Call) -> None:
    """Raises `Paused` and `ElsewhereOnly`."""
    rules = community_rules(session, call.person.platform, call.person.community)
    if rules.paused:
        raise Paused
    places = {call.address.channel, call.address.thread}
    if rules.channels and not places & set(rules.channels) and not call.person.moderates:
        raise ElsewhereOnly(channels=rules.channels)


def _earlier(session: Session, request_key: str) -> Accepted | None:
    row = session.scalar(select(JobRow).where(JobRow.request_key == request_key))
    if row is None:
        return None
    if row.state == JobState.REFUSED:
        raise PolicyRefusal(rule=row.refused_rule, category=row.refused_category, job_id=row.id)
    ahead = records.jobs_ahead(session, records.job_of(row))
    return Accepted(job_id=row.id, state=JobState(row.state), ahead=ahead, repeated=True)


def _accept(
    session: Session,
    ports: Ports,
    call: Call,
    command: str,
    request: PaintRequest,
    verdict: Verdict,
    allowance: Allowance,
) -> tuple[JobRow, list[OutboxRow]]:
    row = acceptance.new_job(call, command, request, policy_version=ports.gate.policy_version)
    acceptance.add_within(session, row, allowance)
    events = [outbox.write(session, JobAccepted(job_id=row.id, platform=call.address.platform))]
    if verdict.ruling is Ruling.HOLD:
        row.state = JobState.HELD
        events += acceptance.open_hold(session, records.job_of(row), verdict)
    elif asked := consent.ask(session, call.person, records.job_of(row)):
        row.state = JobState.HELD
        events += asked
    return row, events


def _refusal(
    ports: Ports, call: Call, command: str, request: PaintRequest, verdict: Verdict
) -> PolicyRefusal:
    """Keep what was refused, so that its owner may appeal and a moderator can see what was meant."""
    row = acceptance.new_job(call, command, request, policy_version=ports.gate.policy_version)
    acceptance.refuse(row, verdict)
    with ports.database.begin() as session:
        lock_person(session, call.person)
        session.add(row)
    job_id = row.id if verdict.appealable else None
    return PolicyRefusal(rule=verdict.rule, category=verdict.category, job_id=job_id)
