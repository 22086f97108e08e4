"""Who sends a message: a message that is sent twice is there twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bots.delivery import deliveries
from bots.delivery.deliveries import Claim
from bots.delivery.errors import PlatformUnavailableError
from bots.process.thread_pools import Pool, ThreadPools
from studio.clock import now
from studio.db.database import Database
from studio.domain.deliveries import Subject
from studio.errors import DatabaseUnavailableError

_LOOK_AGAIN_SECONDS = 0.5


class SendClaims:
    """A claim is renewed while its message is being sent, and free again when it was not for `lasts_seconds`."""

    def __init__(self, database: Database, pools: ThreadPools, *, lasts_seconds: float) -> None:
        self._database = database
        self._pools = pools
        self._lasts_seconds = lasts_seconds

    @asynccontextmanager
    async def hold(self, subject: Subject, channel: str) -> AsyncIterator[Claim]:
        """Waits a while for another process that has it. What ends with an error gives the claim back.

        After one that leaves open whether the message was sent, and of a claim that was inherited, the next process
        inherits it.
        """
        claim = await self._wait_for(subject, channel)
        if claim in (Claim.THEIRS, Claim.SENT):
            yield claim
            return
        renewal = asyncio.create_task(self._renew(subject))
        try:
            yield claim
        except Exception as error:
            renewal.cancel()
            lost = isinstance(error, PlatformUnavailableError) and error.perhaps_done
            unsure = lost or claim is Claim.INHERITED
            give_back = deliveries.abandon_claim if unsure else deliveries.release_claim
            await self._pools.run(Pool.DATABASE, give_back, self._database, subject)
            raise
        finally:
            renewal.cancel()

    async def move(self, subject: Subject, channel: str) -> None:
        """The message is about to go elsewhere: the process that inherits the claim has to look there."""
        await self._pools.run(Pool.DATABASE, deliveries.move_claim, self._database, subject, channel)

    async def channel_of(self, subject: Subject) -> str | None:
        """The channel, or the person, that the message was to go to."""
        return await self._pools.run(Pool.DATABASE, deliveries.claimed_channel, self._database, subject)

    async def _wait_for(self, subject: Subject, channel: str) -> Claim:
        deadline = time.monotonic() + self._lasts_seconds + 1
        while True:
            claim = await self._take(subject, channel)
            if claim is not Claim.THEIRS or time.monotonic() > deadline:
                return claim
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _take(self, subject: Subject, channel: str) -> Claim:
        lasts = timedelta(seconds=self._lasts_seconds)
        return await self._pools.run(
            Pool.DATABASE, deliveries.take_claim, self._database, subject, channel, lasts=lasts
        )

    async def _renew(self, subject: Subject) -> None:
        while True:
            await asyncio.sleep(self._lasts_seconds / 3)
            until = now() + timedelta(seconds=self._lasts_seconds)
            try:
                await self._pools.run(
                    Pool.DATABASE, deliveries.renew_claim, self._database, subject, until=until
                )
            except DatabaseUnavailableError:
                continue  # then nobody else can take it either
