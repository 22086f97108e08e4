"""From a request to an accepted job: gate, one transaction, then the queue."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.coded_text import from_stored
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.commands.submission import job_creation, remix_consent
from studio.commands.submission.allowed_models import require_tiers, with_channel_model
from studio.commands.submission.known_names import (
    require_known,
    require_picture,
    with_fixed_pixels,
    with_price,
)
from studio.commands.submission.privacy import inherit_privacy
from studio.commands.submission.references import require_references
from studio.db import outbox, queries
from studio.db.callers.past_requests import find_past_requests
from studio.db.callers.queued_requests import mark_queued_and_published
from studio.db.cases import link_refused_job
from studio.db.gatherings.part_rows import link_job
from studio.db.identities.people import lock_person
from studio.db.sessions.read_memo import remember_within
from studio.db.settings import community_rules
from studio.db.tables import JobRow, OutboxRow
from studio.domain.events import JobAccepted
from studio.domain.identifiers import new_job_id
from studio.domain.jobs import JobState, JobVisibility
from studio.domain.requests import PaintRequest
from studio.domain.settings.communities import CommunityRules
from studio.domain.sizing.drafts import most_drafts
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import (
    BadParameterError,
    CommunityPausedError,
    NotFoundError,
    PolicyRefusalError,
    QueueUnavailableError,
    WrongChannelError,
)
from studio.errors.gatherings import GatheringMovedError
from studio.operations.storage_limits import require_free_disk, require_quota
from studio.ports import Admission, Allowance, Ports
from studio.services import file_references
from studio.services.picture_deletion import Removal, finish_removal
from studio.services.visibility import Audience, may_see

_EARLIER = select(JobRow).where(JobRow.request_key == bindparam("request_key"))


def submit(ports: Ports, call: Call, command: str, request: PaintRequest) -> Accepted:
    """Accept a request, once.

    Raises a `RequestRefusedError` or a `BadRequestError`; a lost queue is not an error here.
    """
    allowance = ports.gate.allowance(call.person, call.address)
    require_count(allowance, request.count, draft=request.draft)
    with ports.database.read() as session:
        past = find_past_requests(session, call.person, call.request_key)
        if past.earlier:
            return _repeat(past.earlier)
        call = inherit_privacy(session, call, request)
        require_open(session, call)
        request = with_channel_model(ports, session, call, request)
        require_known(ports, request)
        request = with_fixed_pixels(ports, with_price(ports, request))
        require_picture(ports, request)
        require_references(ports, request)
        require_tiers(ports, allowance, request)
        require_free_disk(ports)
        require_quota(ports, session, call.person)
        remix_consent.require(session, call.person, request.sources, within=_gathering_of(call))
        admission = admission_of(session, call, command, request, outstanding=past.outstanding)
    verdict = ports.gate.admit(admission)
    if verdict.ruling is Ruling.REFUSE:
        raise _refusal(ports, call, admission, verdict, allowance)
    with ports.database.begin() as session:
        remember_within(session)
        # As long as the person and the account are held, nothing of this changes, for a linked identity neither.
        first_seen_at = lock_person(session, call.person, with_account=True)
        past = find_past_requests(session, call.person, call.request_key)
        if past.earlier:
            return _repeat(past.earlier)
        admission = replace(admission, outstanding_jobs=past.outstanding)
        row, events = _accept(session, call, admission, verdict, allowance, first_seen_at)
    enqueue(ports, row, events)
    return _answer(row)


def refuse_words(ports: Ports, call: Call, command: str, request: PaintRequest) -> None:
    """Count and keep, once, as `submit` does, a person's words that a review did not let pass.

    Raises a `RequestRefusedError`. Returns only where the gate lets them pass after all.
    """
    allowance = ports.gate.allowance(call.person, call.address)
    with ports.database.read() as session:
        past = find_past_requests(session, call.person, call.request_key)
        if past.earlier:
            _repeat(past.earlier)
        call = inherit_privacy(session, call, request)
        admission = admission_of(session, call, command, request, outstanding=past.outstanding)
    verdict = ports.gate.admit(admission)
    if verdict.ruling is not Ruling.ALLOW:
        raise _refusal(ports, call, admission, verdict, allowance)


def enqueue(ports: Ports, row: JobRow, events: list[OutboxRow]) -> None:
    """After the commit: tell the front ends and the workers. What fails here, the sweeper repeats."""
    sent = outbox.publish(ports.events, events)
    queued = row.state != JobState.HELD and _is_queued(ports, row)
    if queued:
        mark_queued_and_published(ports.database, row.id, sent, at=now())
    elif sent:
        with ports.database.begin() as session:
            outbox.mark_published(session, sent)


def _is_queued(ports: Ports, row: JobRow) -> bool:
    """Put it into the queue. False: the queue is away."""
    try:
        ports.queue.enqueue(row.id, priority=row.priority, model=row.model)
    except QueueUnavailableError:
        return False
    return True


def admission_of(
    session: Session, call: Call, command: str, request: PaintRequest, *, outstanding: int
) -> Admission:
    """`outstanding` counts the person's jobs. Raises `NotFoundError` for a source that is out of the person's reach."""
    origins = [source.picture_id for source in request.sources if source.picture_id]
    audience = Audience.of_asker(call.person, call.address)
    for picture_id in origins:
        picture = queries.find_picture(session, picture_id, viewer=call.person)
        # A person who repeats a job names it, not what it started from.
        if not may_see(session, queries.find_job(session, picture.job_id), audience):
            raise NotFoundError("source")
    family = queries.family(session, origins)
    return Admission(
        person=call.person,
        command=command,
        request=request,
        outstanding_jobs=outstanding,
        lineage_prompts=tuple(picture.recipe.prompt for picture in reversed(family)),
        job_id=new_job_id(),
        address=call.address,
        part_words=call.claim.text if call.claim else "",
    )


def require_count(allowance: Allowance, count: int, *, draft: bool = False) -> None:
    """Raises `BadParameterError` for more pictures, or drafts, than the person may ask for at a time."""
    most = most_drafts(allowance.max_pictures) if draft else allowance.max_pictures
    if count > most:
        raise BadParameterError("count", "too_many_drafts" if draft else "too_many_pictures", count=most)


def require_open(session: Session, call: Call) -> None:
    """Raises `CommunityPausedError` and `WrongChannelError`."""
    rules = community_rules(session, call.person.platform, call.person.community)
    if rules.paused:
        raise CommunityPausedError
    if rules.channels and not set(call.address.places) & set(rules.channels) and not call.person.moderates:
        raise WrongChannelError(channels=rules.channels)


def _repeat(row: JobRow) -> Accepted:
    """The answer to a request that came before. Raises `PolicyRefusalError` for one that was refused."""
    if row.state == JobState.REFUSED:
        raise PolicyRefusalError(
            rule=row.refused_rule,
            category=row.refused_category,
            job_id=row.id if queries.job_of(row).may_appeal else None,
            remedy=(from_stored(row.error_text or "") or ())[1:],
        )
    return replace(_answer(row), repeated=True)


def _answer(row: JobRow) -> Accepted:
    return Accepted(
        job_id=row.id,
        state=JobState(row.state),
        private=row.visibility == JobVisibility.PRIVATE,
    )


def _accept(
    session: Session,
    call: Call,
    admission: Admission,
    verdict: Verdict,
    allowance: Allowance,
    first_seen_at: datetime,
) -> tuple[JobRow, list[OutboxRow]]:
    rules = community_rules(session, *call.person.home)
    row = _row(call, admission, allowance.policy_version, rules)
    if rules.paused:  # since it was asked a moment ago
        raise CommunityPausedError
    if (
        verdict.sealed is not None
    ):  # before the row is written: a database keeps what it overwrites for a while
        row.request = job_creation.without_words(row.request)
    job_creation.add_within(
        session, row, allowance, rules, outstanding=admission.outstanding_jobs, first_seen_at=first_seen_at
    )
    events = [outbox.write(session, JobAccepted(job_id=row.id, platform=call.address.platform))]
    if verdict.category and verdict.allows:
        events += job_creation.warn(session, call.person, verdict)
    if verdict.ruling is Ruling.HOLD:
        row.state = JobState.HELD
        events += job_creation.open_hold(session, queries.job_of(row), verdict)
        events += job_creation.offer_help(session, call.person, verdict)
    elif asked := remix_consent.ask(session, call.person, queries.job_of(row)):
        row.state = JobState.HELD
        events += asked
    if call.claim:
        claim = call.claim if verdict.sealed is None else replace(call.claim, text="")
        if not link_job(session, claim, row.id, held=row.state == JobState.HELD):
            raise GatheringMovedError
    return row, events


def _gathering_of(call: Call) -> str | None:
    return call.claim.gathering if call.claim else None


def _row(call: Call, admission: Admission, policy_version: str, rules: CommunityRules) -> JobRow:
    return job_creation.new_job(
        call,
        admission.command,
        admission.request,
        job_id=admission.job_id,
        policy_version=policy_version,
        here=rules.in_place(call.address),
    )


def _refusal(
    ports: Ports, call: Call, admission: Admission, verdict: Verdict, allowance: Allowance
) -> PolicyRefusalError:
    """Keep what was refused, so that its owner may appeal and a moderator can see what was meant."""
    with ports.database.begin() as session:
        rules = community_rules(session, *call.person.home)
        row = _row(call, admission, allowance.policy_version, rules)
        job_creation.refuse(row, verdict)
        lock_person(session, call.person)
        if earlier := session.scalar(_EARLIER, {"request_key": call.request_key}):
            _repeat(earlier)  # of two clicks at once, the second hears of the first
        job_creation.grant(session, row, allowance)
        session.add(row)
        session.flush()
        events = link_refused_job(session, row.id, call.person.key)
        unneeded = (
            file_references.find_unnamed(session, file_references.of_sources(admission.request.sources))
            if not verdict.appealable
            else set()
        )
    finish_removal(ports, Removal(events=events, files=unneeded))
    return verdict.refusal(job_id=row.id)
