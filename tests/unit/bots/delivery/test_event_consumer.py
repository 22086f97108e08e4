"""What becomes of an event: it is acknowledged once it was acted upon, and comes again when that may help."""

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from bots.delivery.errors import DeliveryInProgressError, PlatformUnavailableError
from bots.delivery.event_consumer import EventConsumer
from bots.process.thread_pools import Pool, ThreadPools
from studio.domain.events import Event, JobAccepted, JobProgress
from studio.domain.people import Platform
from studio.errors import DatabaseUnavailableError, NotFoundError
from studio.ports import Delivery
from tests.support.fakes import FakeEvents

PATIENCE_SECONDS = 300  # bounds a hang
PROGRESS = JobProgress(job_id="j", platform=Platform.SLACK, step=1, steps=8)


def accepted(platform: Platform = Platform.SLACK) -> JobAccepted:
    return JobAccepted(job_id="k3v9m2p4qx7a", platform=platform)


class Backlog(FakeEvents):
    """Hands out these events and steps once and ends; what was acknowledged is written down."""

    def __init__(self, *events: Event) -> None:
        super().__init__()
        self.events = events
        self.acknowledged: list[Event] = []

    def deliveries(self, frontend: str, consumer: str, stop: threading.Event) -> Iterator[Delivery]:
        for event in self.events:
            yield Delivery(event=event, acknowledge=partial(self.acknowledged.append, event))
        self.events = ()
        stop.wait()

    def progress(self, stop: threading.Event) -> Iterator[JobProgress]:
        yield PROGRESS
        stop.wait()


class Handler:
    """Fails with what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.handled: list[Event] = []
        self.steps: list[JobProgress] = []

    async def handle(self, event: Event) -> None:
        self.handled.append(event)
        if self.error:
            raise self.error

    async def show_progress(self, progress: JobProgress) -> None:
        self.steps.append(progress)
        if self.error:
            raise self.error

    async def tick(self) -> None: ...

    async def flush(self) -> None:
        if self.error:
            raise self.error


async def deliver(handler: Handler, *events: Event) -> list[Event]:
    """The events that are acknowledged."""
    backlog, pools = Backlog(*events), ThreadPools("test", {Pool.DATABASE: 1})
    consumer = EventConsumer(backlog, handler, pools, platform=Platform.SLACK, consumer="test")
    for event in events:
        consumer._capacity.acquire()
        acknowledge = partial(backlog.acknowledged.append, event)
        await consumer._deliver(Delivery(event=event, acknowledge=acknowledge))
    pools.close()
    return backlog.acknowledged


@pytest.mark.parametrize(
    "error", [DeliveryInProgressError(), PlatformUnavailableError(), DatabaseUnavailableError(), OSError()]
)
async def test_an_event_that_cannot_be_shown_now_comes_again(error: Exception) -> None:
    assert await deliver(Handler(error), accepted()) == []


@pytest.mark.parametrize("error", [NotFoundError("this_job"), ZeroDivisionError()])
async def test_an_event_that_can_never_be_shown_does_not_come_again(error: Exception) -> None:
    assert await deliver(Handler(error), accepted()) == [accepted()]


async def test_events_of_other_platforms_are_acknowledged_and_left_to_them() -> None:
    other = accepted(Platform.DISCORD)
    handler, backlog = Handler(), Backlog(other, accepted())
    pools = ThreadPools("test", {Pool.DATABASE: 1})
    consumer = EventConsumer(backlog, handler, pools, platform=Platform.SLACK, consumer="test")
    consumer.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(backlog.acknowledged) < 2 or not handler.steps:
            await pools.run(Pool.DATABASE, int)  # lets the readers and their tasks go on
    await pools.run(Pool.DATABASE, consumer.stop)
    await consumer.finish(seconds=300)
    pools.close()
    assert handler.handled == [accepted()]
    assert handler.steps == [PROGRESS]
    assert backlog.acknowledged == [other, accepted()]


async def test_what_cannot_be_shown_before_the_end_does_not_hold_it_up() -> None:
    pools = ThreadPools("test", {Pool.DATABASE: 1})
    for error in (PlatformUnavailableError(), ZeroDivisionError()):
        consumer = EventConsumer(
            FakeEvents(), Handler(error), pools, platform=Platform.SLACK, consumer="test"
        )
        await consumer.flush(seconds=300)
    pools.close()
