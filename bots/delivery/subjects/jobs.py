"""The message of a job."""

from dataclasses import replace

from sqlalchemy.orm import Session

from bots.delivery.subjects.draft import Draft
from bots.delivery.subjects.places import is_direct, language_of_person
from bots.delivery.transport import Place
from bots.presentation.compose.job_message import compose_copy, compose_job, compose_ping
from bots.presentation.message import Message
from bots.queries.job_view import JobView, load_job_view
from bots.texts.languages.readers import reading_in
from studio.db import queries, settings
from studio.db.database import Database
from studio.db.deliveries import message_of
from studio.db.sessions.read_memo import remember_reads
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.events import JobProgress
from studio.domain.jobs import WITH_MESSAGE, Job, JobState, JobVisibility
from studio.domain.people import Person
from studio.domain.settings.communities import PING_AFTER, CommunityRules, ResultPlacement
from studio.domain.settings.languages import Language
from studio.errors import NotFoundError


class JobDrafts:
    """`pixelated`: the platform has no spoilers, so what a moderator hid is shown as a coarse copy."""

    def __init__(self, database: Database, *, pixelated: bool) -> None:
        self._database = database
        self._pixelated = pixelated

    def compose(self, job_id: str) -> Draft:
        """Raises `NotFoundError`."""
        with remember_reads():
            return self._compose(job_id)

    def _compose(self, job_id: str) -> Draft:
        job_view = load_job_view(self._database, job_id)
        job = job_view.job
        with self._database.read() as session:
            rules = settings.community_rules(session, job.person.platform, job.person.community)
            channel = _place(job, rules, _origin_message(session, job))
            is_private = job.visibility is JobVisibility.PRIVATE or is_direct(job.address)
            reads_alone = is_private or job.address.by_token
            language = language_of_person(session, job.person) if reads_alone else rules.reading_language
        person = Place(
            community=channel.community,
            person=job.person,
            instead_of=channel.channel,
            outlasted=job.address.by_token,
        )
        with reading_in(language):
            message = compose_job(job_view, pixelated=self._pixelated) if _has_message(job) else None
        if job.visibility is JobVisibility.PRIVATE:
            return _private_draft(job_view, message, language)
        return Draft(
            subject=Subject.of_job(job),
            message=message,
            places=(channel, person),
            since=job.created_at,
            ref=job_view.message_ref,
            final=_is_final(job),
            pings=_pings(job, rules),
            job_view=job_view,
            language=language,
        )

    def retire(self, job_id: str) -> Draft:
        """The private message of a job that was published: it goes. Raises `NotFoundError`."""
        with self._database.read() as session:
            job = queries.find_job(session, job_id)
            ref = message_of(session, DeliveryKind.RETIRED, job_id)
        return Draft(
            subject=Subject(DeliveryKind.RETIRED, job.id, job.person.platform),
            message=None,
            places=(Place(community=job.address.community, person=job.person),),
            since=job.created_at,
            ref=ref,
        )

    def with_progress(self, draft: Draft, progress: JobProgress) -> Draft:
        """The draft of a job that is being painted, with one of its steps."""
        if draft.job_view is None:
            return draft
        with reading_in(draft.language):
            message = compose_job(draft.job_view, progress, pixelated=self._pixelated)
        return replace(draft, message=message)

    def copy(self, job_view: JobView, person: Person) -> Draft | None:
        """The finished job for somebody's direct messages; None where there are no pictures. Blocking."""
        if not job_view.pictures:
            return None
        job = job_view.job
        with self._database.read() as session:
            language = language_of_person(session, person)
        with reading_in(language):
            message = compose_copy(job_view, pixelated=self._pixelated)
        return Draft(
            subject=Subject(DeliveryKind.COPY, job.id, person.platform),
            nonce=f"{job.id}-{person.user_id[-12:]}",
            message=message,
            language=language,
            places=(Place(community=person.community, person=person),),
            since=job.created_at,
        )

    def ping(self, job: Job, ref: MessageRef, language: Language) -> Draft:
        """Tells the job's person that it is finished: an edit notifies nobody."""
        with reading_in(language):
            message = compose_ping(job)
        place = Place(
            community=job.address.community,
            channel=ref.channel,
            thread=ref.thread,
            reply_to=ref,
            in_thread=True,  # it is news for one person
            mentions=(job.person,),
        )
        return Draft(
            subject=Subject(DeliveryKind.PING, job.id, job.person.platform),
            message=message,
            places=(place,),
            since=job.created_at,
            language=language,
        )


def _private_draft(job_view: JobView, message: Message | None, language: Language) -> Draft:
    """In its person's direct messages, where it needs no copy and no ping."""
    job = job_view.job
    return Draft(
        subject=Subject.of_job(job),
        nonce=f"private-{job.id}",  # published within minutes, it is another message
        message=message,
        places=(Place(community=job.address.community, person=job.person),),
        since=job.created_at,
        ref=job_view.message_ref,
        final=_is_final(job),
        job_view=replace(job_view, wants_copy=False),
        language=language,
    )


def _place(job: Job, rules: CommunityRules, origin: MessageRef | None) -> Place:
    """Where the job was asked for; as a reply to the message that it came from, if the community wants that."""
    address = job.address
    is_reply = origin is not None and rules.results is not ResultPlacement.CHANNEL
    return Place(
        community=address.community,
        channel=address.channel,
        thread=address.thread,
        address=address,
        reply_to=origin if is_reply else None,
        in_thread=is_reply and rules.results is ResultPlacement.THREAD,
    )


def _origin_message(session: Session, job: Job) -> MessageRef | None:
    """The message of the job whose picture this one started from, where both stand in one channel."""
    if job.origin_job_id is None:
        return None
    try:
        origin = queries.find_job(session, job.origin_job_id)
    except NotFoundError:
        return None
    found = message_of(session, DeliveryKind.JOB, origin.id)
    same_platform = origin.address.platform is job.address.platform
    return found if found and same_platform and found.channel == job.address.channel else None


def _has_message(job: Job) -> bool:
    """What a gathering shows in its own message has none."""
    return job.visibility in WITH_MESSAGE


def _is_final(job: Job) -> bool:
    return job.state.ended and job.state is not JobState.HELD


def _pings(job: Job, rules: CommunityRules) -> bool:
    took_long = job.duration is not None and job.duration > PING_AFTER
    is_news = job.state is JobState.DONE and job.visibility is not JobVisibility.PUBLISHED
    return rules.ping and is_news and took_long and not job.address.by_token
