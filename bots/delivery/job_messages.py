"""The board: which message shows which job, brought up to date and never more often than the platform likes."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from bots.delivery.deliveries import record
from bots.delivery.errors import DestinationUnreachableError
from bots.queries.job_view import JobView, is_deleted, job_state, load_job_view, positions
from bots.runtime.thread_pools import Pool, ThreadPools
from studio.db.database import Database
from studio.domain.deliveries import MessageRef, Subject
from studio.domain.events import JobProgress
from studio.domain.jobs import WAITING, JobState
from studio.errors import NotFoundError
from studio.runtime.bounded_dict import BoundedDict

_POSITIONS_EVERY_SECONDS = 5.0
_MOST_POSITIONS = 10  # at a time: a long queue must not use up the requests that answers need
_KEPT_SHEETS = 1000

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class JobDelivery(Protocol):
    """Carries what the board shows to its platform."""

    async def bring(self, job_view: JobView, message_ref: MessageRef | None) -> MessageRef:
        """Show the job in its one message, made if there is none, and say where it is.

        Raises `DestinationUnreachableError`, and the platform's own errors for troubles that pass.
        """

    async def copy(self, job_view: JobView) -> None:
        """Show a finished job to its person by direct message as well; never raises for what the platform refuses."""

    async def step(self, job_view: JobView, progress: JobProgress, message_ref: MessageRef) -> None:
        """Show a step if that is easily done; never raises for what the platform refuses."""

    def may_step(self, job_view: JobView, *, since_seconds: float) -> bool:
        """Whether the message may be touched for mere progress, so long after it was touched last."""

    def calm_seconds(self, message_ref: MessageRef) -> float:
        """How long a message rests between small changes, such as a star."""

    def serves(self, community: str) -> bool:
        """Whether this process is the one that shows progress there."""


@dataclass(slots=True)
class CachedMessage:
    """What this process remembers of a job's message. Times are of the monotonic clock."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    job_view: JobView | None = None
    shown: JobView | None = None  # what the message shows, as far as this process knows
    message_ref: MessageRef | None = None
    touched_at: float = -math.inf
    overdue: bool = False  # a small change waits for the message's next edit


class JobMessages:
    def __init__(self, database: Database, pools: ThreadPools, delivery: JobDelivery) -> None:
        self._database = database
        self._pools = pools
        self._delivery = delivery
        self._sheets: BoundedDict[str, CachedMessage] = BoundedDict(_KEPT_SHEETS)

    async def pin(self, job_id: str) -> None:
        """Make the message of a new job, if nobody did so yet."""
        sheet = self._sheet(job_id)
        async with sheet.lock:
            if sheet.message_ref is None:
                await self._bring(job_id, sheet, only_new=True)

    async def show(self, job_id: str) -> None:
        """Bring the job's message up to date. Raises the platform's errors for troubles that pass."""
        sheet = self._sheet(job_id)
        async with sheet.lock:
            await self._bring(job_id, sheet)

    async def freshen(self, job_id: str) -> None:
        """Like `show`, for small changes: several in a row become one."""
        sheet = self._sheet(job_id)
        rested_seconds = time.monotonic() - sheet.touched_at
        if sheet.message_ref and rested_seconds < self._delivery.calm_seconds(sheet.message_ref):
            sheet.overdue = True
            return
        await self.show(job_id)

    async def picture_changed(self, job_id: str, picture_id: str) -> None:
        """A star may wait for its time, a deletion may not. Raises as `show`."""
        if await self._run(is_deleted, picture_id):
            await self._take_away(job_id, picture_id)
        else:
            await self.freshen(job_id)

    async def _take_away(self, job_id: str, picture_id: str) -> None:
        """Of several that were deleted at once the first edit shows the end."""
        shown = self._sheet(job_id).shown
        known = shown is not None and shown.job.state is JobState.DONE
        if known and shown and all(picture.id != picture_id for picture in shown.pictures):
            return
        await self.show(job_id)

    async def progressed(self, progress: JobProgress) -> None:
        """Show a step, unless the message was touched a moment ago or is being edited right now."""
        sheet = self._sheet(progress.job_id)
        if sheet.lock.locked():
            return
        async with sheet.lock:
            ended = await self._step(progress, sheet)
        if ended:
            # The end may have been shown by another process between our reading and our edit.
            await self.show(progress.job_id)

    async def tick(self) -> None:
        """Every few seconds: queue positions that changed, and small changes whose time has come."""
        now = time.monotonic()
        try:
            await self._show_overdue(self._delivery.calm_seconds, at=now)
        finally:
            await self._show_places(at=now)

    async def _show_places(self, *, at: float) -> None:
        waiting = {
            job_id: sheet
            for job_id, sheet in self._sheets.items()
            if sheet.job_view
            and sheet.job_view.job.state in WAITING
            and at - sheet.touched_at > self._place_lasts_seconds(sheet)
        }
        if not waiting:
            return
        places = await self._run(positions, list(waiting))
        moved = [
            job_id
            for job_id, ahead in places.items()
            if (job_view := waiting[job_id].job_view) and job_view.ahead != ahead
        ]
        moved.sort(key=lambda job_id: waiting[job_id].touched_at)
        for job_id in moved[:_MOST_POSITIONS]:
            if not waiting[job_id].lock.locked():
                await self.show(job_id)

    def _place_lasts_seconds(self, sheet: CachedMessage) -> float:
        """How long a message shows a place in the queue before it is told a better one."""
        calm_seconds = self._delivery.calm_seconds(sheet.message_ref) if sheet.message_ref else 0.0
        return max(_POSITIONS_EVERY_SECONDS, calm_seconds)

    async def flush(self) -> None:
        """Before the end: small changes that wait, such as a deleted picture. Raises as `show`."""
        await self._show_overdue(lambda _message_ref: -math.inf, at=time.monotonic())

    async def _show_overdue(self, calm_seconds: Callable[[MessageRef], float], *, at: float) -> None:
        """One that cannot be shown now waits for the next time, and the others are shown all the same."""
        failed: Exception | None = None
        for job_id, sheet in list(self._sheets.items()):
            if not (
                sheet.overdue
                and sheet.message_ref
                and at - sheet.touched_at > calm_seconds(sheet.message_ref)
            ):
                continue
            sheet.overdue = False
            try:
                await self.show(job_id)
            except NotFoundError:
                log.info("job message skipped: job not found", extra={"job_id": job_id})
            except Exception as error:  # noqa: BLE001 - the platform's own, of which the board knows nothing
                sheet.overdue = True
                failed = failed or error
        if failed:
            raise failed

    def _sheet(self, job_id: str) -> CachedMessage:
        sheet = self._sheets.setdefault(job_id, CachedMessage())
        self._sheets.move_to_end(job_id)
        return sheet

    async def _bring(self, job_id: str, sheet: CachedMessage, *, only_new: bool = False) -> None:
        job_view = await self._run(load_job_view, job_id)
        sheet.job_view = job_view
        message_ref = job_view.message_ref or sheet.message_ref
        if only_new and message_ref is not None:
            sheet.message_ref = message_ref
            return
        ended = job_view.job.state.ended and job_view.job.state is not JobState.HELD
        try:
            kept: MessageRef | None = replace(await self._delivery.bring(job_view, message_ref), final=ended)
        except DestinationUnreachableError:
            log.info("job message not delivered: destination unreachable", extra={"job_id": job_id})
            kept = replace(message_ref, final=ended) if message_ref else None
            if ended and kept is None:
                await self._run(record, Subject.of_job(job_view.job), _nowhere(job_view))
        sheet.touched_at = time.monotonic()
        sheet.message_ref, sheet.shown = kept, job_view
        if job_view.wants_copy and not (job_view.message_ref and job_view.message_ref.final):
            await self._delivery.copy(
                job_view
            )  # before the slip says that the end was shown: rather twice than never
        if kept and kept != job_view.message_ref:
            await self._run(record, Subject.of_job(job_view.job), kept)

    async def _step(self, progress: JobProgress, sheet: CachedMessage) -> bool:
        """Show one step; True when the job has ended meanwhile."""
        if sheet.job_view is None or sheet.job_view.job.state is JobState.HELD:
            try:
                sheet.job_view = await self._run(load_job_view, progress.job_id)
            except NotFoundError:
                return False
            sheet.message_ref = sheet.message_ref or sheet.job_view.message_ref
        job_view = sheet.job_view
        if job_view.job.state.ended or not self._delivery.serves(job_view.job.address.community):
            return False
        if job_view.job.state is not JobState.PAINTING:
            painting = replace(job_view.job, state=JobState.PAINTING)
            job_view = sheet.job_view = replace(job_view, job=painting)
        if sheet.message_ref is None:
            return False  # its message is not there yet
        if not self._delivery.may_step(job_view, since_seconds=time.monotonic() - sheet.touched_at):
            return False
        sheet.touched_at = time.monotonic()
        await self._delivery.step(job_view, progress, sheet.message_ref)
        sheet.touched_at = time.monotonic()
        state = await self._run(job_state, progress.job_id)
        return state is not None and state.ended

    async def _run(
        self, work: Callable[Concatenate[Database, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        return await self._pools.run(Pool.DATABASE, partial(work, self._database, *arguments, **named))


def _nowhere(job_view: JobView) -> MessageRef:
    """For a job whose end no message will show, so that nobody tries again."""
    return MessageRef(channel=job_view.job.address.channel, message="", final=True)
