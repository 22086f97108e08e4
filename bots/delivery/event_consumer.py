"""Threads that read events and hand them to the event loop of a front end."""

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from bots.delivery.errors import DeliveryInProgressError, PlatformUnavailableError
from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool, ThreadPools
from studio.clock import now
from studio.domain.events import (
    CaseChanged,
    DigestWritten,
    Event,
    GatheringChanged,
    GatheringRemark,
    JobEnded,
    JobProgress,
    NoticeWritten,
    RecapDue,
)
from studio.domain.people import Platform
from studio.errors import NotFoundError, ServiceError
from studio.ports import Delivery, Events
from studio.tracing import tracer

_PAUSE_SECONDS = 1.0
_TICK_SECONDS = 5.0
_MOST_IN_HAND = 200
# After these, trying again may help.
_PASSING = (PlatformUnavailableError, DeliveryInProgressError, ServiceError, OSError)

log = logging.getLogger(__name__)


class EventHandler(Protocol):
    """What a front end does about events, on its event loop.

    All raise `NotFoundError`, `PlatformUnavailableError`, `DeliveryInProgressError` and `ServiceError`.
    """

    async def handle(self, event: Event) -> None:
        """Act upon an event of the front end's platform. It may come again after it was acted upon."""

    async def show_progress(self, progress: JobProgress) -> None:
        """Show a step of a job; a lost one costs nothing."""

    async def tick(self) -> None:
        """Called every few seconds."""

    async def flush(self) -> None:
        """Show what waits for its time, before the process ends."""


class EventConsumer:
    """An event is acknowledged once it was acted upon; until then it comes again, after a restart too."""

    def __init__(
        self,
        events: Events,
        handler: EventHandler,
        pools: ThreadPools,
        *,
        platform: Platform,
        consumer: str,
        passing: tuple[type[Exception], ...] = (),
    ) -> None:
        """`passing` are further errors after which trying again may help.

        Under the same name of a `consumer`, the next process first gets what this one left unacknowledged.
        """
        self._events = events
        self.handler = handler
        self._pools = pools
        self._platform = platform
        self._consumer = consumer
        self._passing: tuple[type[Exception], ...] = (*passing, *_PASSING)
        self._unshown: tuple[type[Exception], ...] = (*self._passing, NotFoundError)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._in_hand: set[Event] = set()
        self._capacity = threading.BoundedSemaphore(_MOST_IN_HAND)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def reading(self) -> bool:
        """Whether all threads are at work."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        """Call it on the running event loop of the front end."""
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        for name, read in self._readers().items():
            thread = threading.Thread(
                target=self._read_forever, args=(read,), name=f"{self._platform}-{name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def _readers(self) -> dict[str, Callable[[], None]]:
        """What each thread does, by its name."""
        return {
            "events": self._read_deliveries,
            "progress": self._read_progress,
            "tick": self._read_clock,
        }

    def stop(self) -> None:
        """Blocks until the readers noticed, at most two seconds each; they are daemons if they do not."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=2)

    async def finish(self, *, seconds: float) -> None:
        """Let what is in hand come to its end; what does not is left alone, and comes again after a restart.

        Else it would go on after the platform's session was closed, and its failure would count as a defect.
        """
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=seconds)

    async def flush(self, *, seconds: float) -> None:
        """Show the small changes that wait for their time. Never raises."""
        try:
            async with asyncio.timeout(seconds):
                await self.handler.flush()
        except self._unshown:
            log.info("pending message updates not flushed at shutdown")
        except Exception as error:  # noqa: BLE001 - the end comes whatever happens
            report_error(error)

    def _read_forever(self, read: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                read()
            except Exception as error:  # noqa: BLE001 - the reader goes on whatever arrives
                if self._loop.is_closed():
                    return
                report_error(error)
                self._stop.wait(_PAUSE_SECONDS)

    def _read_deliveries(self) -> None:
        for delivery in self._events.deliveries(self._platform, self._consumer, self._stop):
            if delivery.event.platform is not self._platform:
                delivery.acknowledge()
                continue
            while not self._capacity.acquire(timeout=1):
                if self._stop.is_set():
                    return
            self._hand_over(partial(self._deliver, delivery))

    def _read_progress(self) -> None:
        for progress in self._events.progress(self._stop):
            if progress.platform is self._platform:
                self._hand_over(partial(self._show_progress, progress))

    def _read_clock(self) -> None:
        while not self._stop.wait(_TICK_SECONDS):
            self._hand_over(self._tick)

    def _hand_over(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        def begin() -> None:
            task = self._loop.create_task(work())
            self._tasks.add(task)  # a task that nobody holds may be collected before it is done
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(begin, context=self._context)

    async def _deliver(self, delivery: Delivery) -> None:
        event = delivery.event
        try:
            if event in self._in_hand:
                return  # handed out again while we are still at it
            self._in_hand.add(event)
            began = now()
            try:
                await self.handler.handle(event)
                if isinstance(event, JobEnded) and event.platform is not Platform.WEB:  # there it is shown
                    tracer().record("deliver", event.job_id, since=began, platform=str(event.platform))
            finally:
                self._in_hand.discard(event)
        except NotFoundError:
            log.info("event skipped: subject not found", extra=log_fields(event))
        except self._passing as error:
            # Not acknowledged: it comes again in a while.
            log.warning("event delivery postponed: %s", type(error).__name__, extra=log_fields(event))
            return
        except Exception as error:  # noqa: BLE001 - a defect must not be repeated for ever
            report_error(error)
        finally:
            self._capacity.release()
        await self._pools.run(Pool.DATABASE, delivery.acknowledge)

    async def _show_progress(self, progress: JobProgress) -> None:
        try:
            await self.handler.show_progress(progress)
        except self._unshown:
            log.debug("progress update not sent", extra={"job_id": progress.job_id})

    async def _tick(self) -> None:
        try:
            await self.handler.tick()
        except self._unshown:
            log.debug("message update postponed until the next tick")


def log_fields(event: Event) -> dict[str, str]:
    """The ids that an event speaks of, for the log."""
    match event:
        case CaseChanged():
            return {"case_id": event.case_id}
        case NoticeWritten():
            return {"notice_id": event.notice_id}
        case DigestWritten() | RecapDue():
            return {"channel": event.channel}
        case GatheringChanged() | GatheringRemark():
            return {"gathering": event.gathering_id}
        case _:
            return {"job_id": event.job_id}
