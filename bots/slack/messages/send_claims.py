"""Who sends a job's message: a message that is sent twice is there twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select, update

from bots.runtime.thread_pools import Pool, ThreadPools
from bots.slack.api.client import SlackUnavailableError
from studio.db.database import Database
from studio.db.sql_dialects import insert_into
from studio.db.tables import DeliveryRow, JobRow
from studio.errors import DatabaseUnavailableError, NotFoundError
from studio.runtime.clock import now

_LOOK_AGAIN_SECONDS = 0.5
_LONG_AGO = timedelta(days=1)


class Claim(StrEnum):
    OURS = "ours"
    INHERITED = "inherited"  # whoever had it went silent, and may have sent the message
    THEIRS = "theirs"
    SENT = "sent"  # the message is there


class SendClaims:
    """A claim is renewed while its message is being sent, and free again when it was not for `lasts_seconds`."""

    def __init__(self, database: Database, pools: ThreadPools, *, lasts_seconds: float) -> None:
        self._database = database
        self._pools = pools
        self._lasts_seconds = lasts_seconds

    @asynccontextmanager
    async def hold(self, job_id: str, channel: str) -> AsyncIterator[Claim]:
        """Waits a while for another process that has it. What ends with an error gives the claim back.

        After one that leaves open whether the message was sent, whoever comes next inherits the claim.
        """
        claim = await self._patiently(job_id, channel)
        if claim in (Claim.THEIRS, Claim.SENT):
            yield claim
            return
        renewal = asyncio.create_task(self._renew(job_id))
        try:
            yield claim
        except Exception as error:
            renewal.cancel()
            unsure = isinstance(error, SlackUnavailableError) and error.perhaps_done
            give_back = leave_claim if unsure else waive_claim
            await self._pools.run(Pool.DATABASE, give_back, self._database, job_id)
            raise
        finally:
            renewal.cancel()

    async def redirect(self, job_id: str, channel: str) -> None:
        """The message is about to go elsewhere: whoever inherits the claim has to look there."""
        await self._pools.run(Pool.DATABASE, move_claim, self._database, job_id, channel)

    async def place_of(self, job_id: str) -> str | None:
        """The channel, or the person, that the message was to go to."""
        return await self._pools.run(Pool.DATABASE, claimed_place, self._database, job_id)

    async def _patiently(self, job_id: str, channel: str) -> Claim:
        deadline = time.monotonic() + self._lasts_seconds + 1
        while True:
            claim = await self._take(job_id, channel)
            if claim is not Claim.THEIRS or time.monotonic() > deadline:
                return claim
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _take(self, job_id: str, channel: str) -> Claim:
        lasts = timedelta(seconds=self._lasts_seconds)
        return await self._pools.run(Pool.DATABASE, take_claim, self._database, job_id, channel, lasts=lasts)

    async def _renew(self, job_id: str) -> None:
        while True:
            await asyncio.sleep(self._lasts_seconds / 3)
            try:
                await self._pools.run(Pool.DATABASE, renew_claim, self._database, job_id)
            except DatabaseUnavailableError:
                continue  # then nobody else can take it either


def take_claim(database: Database, job_id: str, channel: str, *, lasts: timedelta) -> Claim:
    """Raises `NotFoundError` when the job is gone meanwhile."""
    with database.begin() as session:
        row = session.get(DeliveryRow, job_id, with_for_update=True)
        if row is None:
            if session.get(JobRow, job_id) is None:
                raise NotFoundError("The job")
            values = {"channel": channel, "message": "", "final": False, "updated_at": now()}
            statement = insert_into(session, DeliveryRow).values(job_id=job_id, **values)
            taken = statement.on_conflict_do_nothing().returning(DeliveryRow.job_id)
            return Claim.OURS if session.execute(taken).scalar() is not None else Claim.THEIRS
        if row.message:
            return Claim.SENT
        if now() - row.updated_at < lasts:
            return Claim.THEIRS
        row.updated_at = now()
        return Claim.INHERITED


def renew_claim(database: Database, job_id: str) -> None:
    _change(database, job_id, updated_at=now())


def move_claim(database: Database, job_id: str, channel: str) -> None:
    _change(database, job_id, channel=channel, updated_at=now())


def claimed_place(database: Database, job_id: str) -> str | None:
    with database.read() as session:
        return session.scalar(select(DeliveryRow.channel).where(DeliveryRow.job_id == job_id))


def leave_claim(database: Database, job_id: str) -> None:
    """As if whoever had it had been silent for long."""
    _change(database, job_id, updated_at=now() - _LONG_AGO)


def waive_claim(database: Database, job_id: str) -> None:
    """Nothing was sent after all; whoever comes next may."""
    with database.begin() as session:
        session.execute(delete(DeliveryRow).where(_unsent(job_id)))


def _change(database: Database, job_id: str, **values: object) -> None:
    with database.begin() as session:
        session.execute(update(DeliveryRow).where(_unsent(job_id)).values(values))


def _unsent(job_id: str) -> ColumnElement[bool]:
    return (DeliveryRow.job_id == job_id) & (DeliveryRow.message == "")
