"""Messages that are sent once and edited never: notices, copies, digests, and the word that a job is finished."""

import hashlib
import logging
from collections.abc import Sequence
from functools import partial

from bots.delivery import deliveries
from bots.delivery.errors import (
    DeliveryInProgressError,
    DestinationUnreachableError,
    PlatformUnavailableError,
)
from bots.delivery.message_sender import MessageSender
from bots.delivery.subjects.draft import Draft
from bots.delivery.subjects.greeting import draft_greeting
from bots.delivery.subjects.jobs import JobDrafts
from bots.delivery.subjects.places import is_direct, language_of_community, language_of_person
from bots.delivery.transport import DeliveryContext, Place
from bots.presentation.compose.cases import compose_notice, compose_sentence
from bots.presentation.message import Audience
from bots.process.thread_pools import Pool
from bots.queries.job_view import JobView
from bots.texts.coded.sentences import say_stored
from bots.texts.languages.readers import reading_in
from studio.clock import now
from studio.db import cases
from studio.db.database import Database
from studio.domain.cases import Notice
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.events import DigestWritten
from studio.domain.people import Person, Platform
from studio.domain.settings.languages import Language

log = logging.getLogger(__name__)


class PersonalMessages:
    def __init__(self, context: DeliveryContext, sender: MessageSender, drafts: JobDrafts) -> None:
        self._database = context.ports.database
        self._pools = context.pools
        self._sender = sender
        self._drafts = drafts

    async def send_notice(self, notice_id: str) -> None:
        """Send a notice to its person, once. One that cannot be sent stays undelivered in the database.

        Raises `NotFoundError`, `PlatformUnavailableError` and `ServiceError`.
        """
        notice, language = await self._pools.run(Pool.DATABASE, _load_notice, self._database, notice_id)
        if notice.delivered:
            return
        person = notice.person
        with reading_in(language):
            message = compose_notice(notice)
        try:
            await self._sender.send(
                Draft(
                    subject=Subject(DeliveryKind.NOTICE, notice.id, person.platform),
                    message=message,
                    language=language,
                    places=(Place(community=person.community, person=person),),
                    since=notice.written_at,
                )
            )
        except DestinationUnreachableError:
            log.info("notice not delivered: recipient unreachable", extra={"notice_id": notice_id})
            return
        await self._pools.run(Pool.DATABASE, _mark_delivered, self._database, notice_id)

    async def greet(
        self, platform: Platform, community: str, places: Sequence[Place], *, invitation: str = ""
    ) -> bool:
        """Send a community its greeting, once for all time. `invitation` as in `compose_greeting`.

        False: no place takes it, so that it may come another time. Raises `PlatformUnavailableError` and
        `ServiceError`.
        """
        draft = await self._pools.run(
            Pool.DATABASE,
            partial(draft_greeting, self._database, platform, community, places, invitation=invitation),
        )
        if draft is None:
            return True
        if not places:
            return False
        try:
            ref = await self._sender.deliver(draft)
        except DeliveryInProgressError:
            return True
        except DestinationUnreachableError:
            log.info("greeting not delivered: no place takes it", extra={"community": community})
            return False
        await self._pools.run(Pool.DATABASE, deliveries.record, self._database, draft.subject, ref)
        return True

    async def announce(self, event: DigestWritten) -> None:
        """Send a community's digest to its log channel. Raises `PlatformUnavailableError` and `ServiceError`."""
        digest = hashlib.blake2b(f"{event.channel}:{event.text}".encode(), digest_size=6).hexdigest()
        language = await self._pools.run(Pool.DATABASE, _language_there, self._database, event)
        with reading_in(language):
            message = compose_sentence(say_stored(event.text, separator="\n"), audience=Audience.CHANNEL)
        draft = Draft(
            subject=Subject(DeliveryKind.DIGEST, digest, event.platform),
            message=message,
            language=language,
            places=(Place(community=event.community, channel=event.channel),),
            since=now(),
        )
        await self.send_to_channel(draft)

    async def send_to_channel(self, draft: Draft) -> None:
        """Send what is for a channel, unless that is closed. Raises `PlatformUnavailableError` and `ServiceError`."""
        try:
            await self._sender.send(draft)
        except DestinationUnreachableError:
            kind, channel = draft.subject.kind, draft.places[0].channel
            log.info("%s not delivered: channel unreachable", kind, extra={"channel": channel})

    async def follow_end(self, draft: Draft, ref: MessageRef | None) -> None:
        """What a job's person wants beside its message when they first see its end. Raises `ServiceError`."""
        job_view = draft.job_view
        if job_view is None:
            return
        if job_view.wants_copy and not is_direct(job_view.job.address):
            await self.send_copy(job_view, job_view.job.person)
        if draft.pings and ref is not None:
            await self._send_softly(self._drafts.ping(job_view.job, ref, draft.language))

    async def send_copy(self, job_view: JobView, person: Person) -> bool:
        """A finished job by direct message. False: no pictures, or the person takes none. Raises `ServiceError`."""
        draft = await self._pools.run(Pool.DATABASE, self._drafts.copy, job_view, person)
        return draft is not None and await self._send_softly(draft)

    async def _send_softly(self, draft: Draft) -> bool:
        try:
            await self._sender.send(draft)
        except (DestinationUnreachableError, PlatformUnavailableError) as error:
            kind, job_id = draft.subject.kind, draft.subject.id
            log.info("%s not sent: %s", kind, type(error).__name__, extra={"job_id": job_id})
            return False
        return True


def _load_notice(database: Database, notice_id: str) -> tuple[Notice, Language]:
    """With the language of its person."""
    with database.read() as session:
        notice = cases.find_notice(session, notice_id)
        return notice, language_of_person(session, notice.person)


def _language_there(database: Database, event: DigestWritten) -> Language:
    with database.read() as session:
        return language_of_community(session, event.platform, event.community)


def _mark_delivered(database: Database, notice_id: str) -> None:
    with database.begin() as session:
        cases.mark_notice_delivered(session, notice_id)
