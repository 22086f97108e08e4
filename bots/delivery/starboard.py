"""The starboard: pictures with enough stars, one message for each in a channel of their own."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakValueDictionary

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bots.delivery.case_messages import DeliveryInProgressError
from bots.delivery.job_messages import DestinationUnreachableError
from bots.delivery.job_view import MessageRef
from bots.runtime.thread_pools import Pool, ThreadPools
from studio.commands.visibility import Audience, may_see
from studio.db import queries, settings
from studio.db.database import Database
from studio.db.sql_dialects import insert_into
from studio.db.tables import DeliveryRow, JobRow, PictureRow, ShowcaseRow
from studio.domain.jobs import Job, JobState
from studio.domain.people import Platform
from studio.domain.pictures import Picture
from studio.errors import NotFoundError
from studio.runtime.clock import now

_CLAIM_LASTS_SECONDS = 20

log = logging.getLogger(__name__)


class StarboardDelivery(Protocol):
    """Carries starred pictures to a platform. Both raise its own errors for troubles that pass."""

    async def hang(self, exhibit: "StarboardEntry", message_ref: MessageRef | None) -> MessageRef:
        """Show a picture and its stars in its one message, made if there is none.

        Raises `DestinationUnreachableError`.
        """

    async def take_down(self, picture_id: str, message_ref: MessageRef) -> None:
        """Delete the message of a picture that was deleted. Raises `DestinationUnreachableError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StarboardEntry:
    """A starred picture, its job, the channel where such pictures hang, and the message that first showed it."""

    picture: Picture
    job: Job
    channel: str
    shown_at: MessageRef | None = None


class Starboard:
    def __init__(self, database: Database, pools: ThreadPools, delivery: StarboardDelivery) -> None:
        self._database = database
        self._pools = pools
        self._delivery = delivery
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def show(self, picture_id: str) -> None:
        """After a star was given or taken, or the picture was deleted.

        Raises `NotFoundError`, `DeliveryInProgressError` and the platform's errors for troubles that pass.
        """
        lock = self._locks.setdefault(picture_id, asyncio.Lock())
        async with lock:
            exhibit, message_ref = await self._pools.run(
                Pool.DATABASE, load_starboard_entry, self._database, picture_id
            )
            try:
                if exhibit is None:
                    if message_ref is not None:
                        await self._take_down(picture_id, message_ref)
                    return
                await self._hang(exhibit, message_ref)
            except DestinationUnreachableError:
                log.info("starboard message not sent: channel unreachable", extra={"picture_id": picture_id})

    async def show_again(self, job_id: str) -> None:
        """After a job changed, as when a moderator hid it: those of its pictures that hang. Raises as `show`."""
        for picture_id in await self._pools.run(Pool.DATABASE, hanging_of, self._database, job_id):
            await self.show(picture_id)

    async def _take_down(self, picture_id: str, message_ref: MessageRef) -> None:
        """The message is forgotten only once it is gone, or it would hang there for ever after a short trouble."""
        try:
            await self._delivery.take_down(picture_id, message_ref)
        except DestinationUnreachableError:
            log.info("starboard message not deleted: channel unreachable", extra={"picture_id": picture_id})
        await self._pools.run(Pool.DATABASE, save_starboard_message, self._database, picture_id, None)

    async def _hang(self, exhibit: StarboardEntry, message_ref: MessageRef | None) -> None:
        picture_id = exhibit.picture.id
        if message_ref is None and not await self._pools.run(
            Pool.DATABASE, claim_starboard_message, self._database, picture_id, exhibit.channel
        ):
            raise DeliveryInProgressError
        try:
            kept = await self._delivery.hang(exhibit, message_ref)
        except BaseException:
            if message_ref is None:
                await self._pools.run(Pool.DATABASE, save_starboard_message, self._database, picture_id, None)
            raise
        if kept != message_ref:
            await self._pools.run(Pool.DATABASE, save_starboard_message, self._database, picture_id, kept)


def load_starboard_entry(
    database: Database, picture_id: str
) -> tuple[StarboardEntry | None, MessageRef | None]:
    """What is to be shown, if anything, and where it hangs already. Raises `NotFoundError`.

    A picture that hangs stays when it loses a star: only its count changes.
    """
    with database.read() as session:
        row = session.get(PictureRow, picture_id)
        if row is None:
            raise NotFoundError(f"Picture {picture_id[:14]}")
        message_ref = _message_ref(session, picture_id)
        job = queries.find_job(session, row.job_id)
        seen = job.state is JobState.DONE and may_see(session, job, Audience(home=job.person.home))
        if row.deleted_at is not None or not seen:
            return None, message_ref
        stars = queries.star_counts(session, [picture_id]).get(picture_id, 0)
        rules = settings.community_rules(session, job.person.platform, job.person.community)
        if message_ref is None and (rules.star_channel is None or stars < rules.star_threshold):
            return None, None
        channel = message_ref.channel if message_ref else rules.star_channel or ""
        picture = queries.picture_of(row, stars=stars)
        return StarboardEntry(
            picture=picture, job=job, channel=channel, shown_at=_first(session, job)
        ), message_ref


def _first(session: Session, job: Job) -> MessageRef | None:
    row = session.get(DeliveryRow, job.id)
    return MessageRef(channel=row.channel, message=row.message) if row and row.message else None


def _message_ref(session: Session, picture_id: str) -> MessageRef | None:
    row = session.get(ShowcaseRow, picture_id)
    return MessageRef(channel=row.channel, message=row.message) if row and row.message else None


def hanging_of(database: Database, job_id: str) -> list[str]:
    """The pictures of a job that are on a starboard."""
    of_job = select(ShowcaseRow.picture_id).join(PictureRow, PictureRow.id == ShowcaseRow.picture_id)
    with database.read() as session:
        return list(session.scalars(of_job.where(PictureRow.job_id == job_id).order_by(PictureRow.position)))


def picture_of_message(
    database: Database, platform: Platform, message: str, *, channel: str | None = None
) -> str | None:
    """The picture that a message of the starboard shows. Where messages are numbered by channel, name the channel."""
    query = (
        select(ShowcaseRow.picture_id)
        .join(PictureRow, PictureRow.id == ShowcaseRow.picture_id)
        .join(JobRow, JobRow.id == PictureRow.job_id)
    )
    with database.read() as session:
        query = query.where(ShowcaseRow.message == message, JobRow.platform == platform)
        return session.scalar(query if channel is None else query.where(ShowcaseRow.channel == channel))


def claim_starboard_message(database: Database, picture_id: str, channel: str) -> bool:
    """Whether the caller is the one to send the picture's message; another's claim ends after 20 s."""
    with database.begin() as session:
        row = session.get(ShowcaseRow, picture_id, with_for_update=True)
        if row is not None:
            if row.message or (now() - row.updated_at).total_seconds() < _CLAIM_LASTS_SECONDS:
                return False
            row.updated_at = now()
            return True
        values = {"picture_id": picture_id, "channel": channel, "message": "", "updated_at": now()}
        statement = insert_into(session, ShowcaseRow).values(**values).on_conflict_do_nothing()
        return session.execute(statement.returning(ShowcaseRow.picture_id)).scalar() is not None


def save_starboard_message(database: Database, picture_id: str, message_ref: MessageRef | None) -> None:
    with database.begin() as session:
        if message_ref is None:
            session.execute(delete(ShowcaseRow).where(ShowcaseRow.picture_id == picture_id))
            return
        row = session.get_one(ShowcaseRow, picture_id)
        row.channel, row.message, row.updated_at = message_ref.channel, message_ref.message, now()
