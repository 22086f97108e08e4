"""The starboard: pictures with enough stars, one message for each in a channel of their own."""

import asyncio
import logging
from datetime import timedelta
from typing import Protocol
from weakref import WeakValueDictionary

from sqlalchemy import delete

from bots.delivery.deliveries import Claim, record, release_claim, take_claim
from bots.delivery.errors import DeliveryInProgressError, DestinationUnreachableError
from bots.queries.starboard_entry import StarboardEntry, hanging_of, load_starboard_entry
from bots.runtime.thread_pools import Pool, ThreadPools
from studio.db.database import Database
from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject

__all__ = ["Starboard", "StarboardDelivery", "StarboardEntry", "load_starboard_entry"]

_CLAIM_LASTS = timedelta(seconds=20)

log = logging.getLogger(__name__)


class StarboardDelivery(Protocol):
    """Carries starred pictures to a platform. Both raise its own errors for troubles that pass."""

    async def hang(self, exhibit: StarboardEntry, message_ref: MessageRef | None) -> MessageRef:
        """Show a picture and its stars in its one message, made if there is none.

        Raises `DestinationUnreachableError`.
        """

    async def take_down(self, picture_id: str, message_ref: MessageRef) -> None:
        """Delete the message of a picture that was deleted. Raises `DestinationUnreachableError`."""


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
        await self._pools.run(Pool.DATABASE, _forget_entry, self._database, picture_id)

    async def _hang(self, exhibit: StarboardEntry, message_ref: MessageRef | None) -> None:
        subject = Subject(DeliveryKind.STARBOARD, exhibit.picture.id, exhibit.job.person.platform)
        if message_ref is None:
            claim = await self._pools.run(
                Pool.DATABASE, take_claim, self._database, subject, exhibit.channel, lasts=_CLAIM_LASTS
            )
            if claim not in (Claim.OURS, Claim.INHERITED):
                raise DeliveryInProgressError
        try:
            kept = await self._delivery.hang(exhibit, message_ref)
        except BaseException:
            if message_ref is None:
                await self._pools.run(Pool.DATABASE, release_claim, self._database, subject)
            raise
        if kept != message_ref:
            await self._pools.run(Pool.DATABASE, record, self._database, subject, kept)


def _forget_entry(database: Database, picture_id: str) -> None:
    with database.begin() as session:
        of_picture = (DeliveryRow.kind == DeliveryKind.STARBOARD) & (DeliveryRow.subject == picture_id)
        session.execute(delete(DeliveryRow).where(of_picture))
