"""Notices who left a community while others wait for them in a gathering there."""

import logging
import math
import time
from collections.abc import Callable, Sequence

from bots.delivery.errors import PlatformUnavailableError
from bots.delivery.transport import DeliveryContext
from bots.process.thread_pools import Pool
from studio.bounded_dict import BoundedDict
from studio.db import outbox
from studio.db.database import Database
from studio.db.gatherings.participants import find_participants
from studio.db.identities.people import find_person
from studio.domain.people import Person, Platform
from studio.gatherings.people import take_out_of_community
from studio.ports import Events

_EVERY_SECONDS = 60.0
_AGAIN_AFTER_SECONDS = 300.0  # for the same person
_MOST_AT_ONCE = 20
_REMEMBERED = 5000

log = logging.getLogger(__name__)


class MembershipCheck:
    """Platforms do not tell by themselves, or only apps with special permissions, so they are asked now and then.

    Those come first who were asked for longest ago, and of these who have to act. Two processes that ask for the same
    person do no harm.
    """

    def __init__(self, context: DeliveryContext, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ports = context.ports
        self._pools = context.pools
        self._transport = context.transport
        self._clock = clock
        self._next_at = clock() + _EVERY_SECONDS
        self._asked_at: BoundedDict[str, float] = BoundedDict(_REMEMBERED)

    async def run_when_due(self) -> None:
        """Call it often. Raises `ServiceError`."""
        if self._clock() < self._next_at:
            return
        self._next_at = self._clock() + _EVERY_SECONDS
        await self.run()

    async def run(self) -> None:
        """Raises `ServiceError`."""
        platform, database = self._transport.platform, self._ports.database
        keys = await self._pools.run(Pool.DATABASE, _participants, database, platform)
        for person in await self._pools.run(Pool.DATABASE, _people, database, self._choose(keys)):
            self._asked_at[person.key] = self._clock()
            if not await self._is_active(person):
                await self._pools.run(Pool.COMMANDS, _take_out, database, self._ports.events, person)
                log.info("removed from gatherings: not an active member any more")

    def _choose(self, person_keys: Sequence[str]) -> list[str]:
        """Of those whom this process asks for: whom it has not asked for yet, then who was asked for longest ago."""
        served = [key for key in person_keys if self._transport.serves(Person.community_of(key))]
        due = [key for key in served if self._is_due(key)]
        return sorted(due, key=lambda key: self._asked_at.get(key, -math.inf))[:_MOST_AT_ONCE]

    def _is_due(self, person_key: str) -> bool:
        asked_at = self._asked_at.get(person_key)
        return asked_at is None or self._clock() - asked_at >= _AGAIN_AFTER_SECONDS

    async def _is_active(self, person: Person) -> bool:
        """Also while the platform does not answer."""
        try:
            return await self._transport.is_active_member(person)
        except PlatformUnavailableError:
            return True


def _participants(database: Database, platform: Platform) -> list[str]:
    with database.read() as session:
        return find_participants(session, platform)


def _people(database: Database, keys: Sequence[str]) -> list[Person]:
    with database.read() as session:
        return [find_person(session, key) for key in keys]


def _take_out(database: Database, events: Events, person: Person) -> None:
    with database.begin() as session:
        written = take_out_of_community(session, person)
    outbox.send(database, events, written)
