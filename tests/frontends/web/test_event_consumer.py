"""What the web room is told of events, and what is acknowledged."""

import asyncio
from functools import partial
from typing import Any

import pytest

from bots.delivery.event_consumer import EventConsumer
from bots.process.thread_pools import Pool, ThreadPools
from bots.web.live import event_handler
from bots.web.live.event_handler import LiveEvents
from studio.domain.events import CaseChanged, Event, JobAccepted, JobEnded, NoticeWritten, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors import DatabaseUnavailableError
from studio.ports import Delivery, Ports
from tests.support.fakes import FakeEvents

ENDED = JobEnded(job_id="there", platform=Platform.WEB, state=JobState.DONE)
NOTICE = NoticeWritten(notice_id="gone", platform=Platform.WEB)


class Hub:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.calls.append((name, *values))


async def read(ports: Ports, *events: Event) -> tuple[list[tuple[str, ...]], list[Event]]:
    """What the hub is told of the events, and which of them are acknowledged."""
    hub, pools, acknowledged = Hub(), ThreadPools("test", {Pool.DATABASE: 1}), list[Event]()
    handler = LiveEvents(ports, pools, hub)  # type: ignore[arg-type]
    consumer = EventConsumer(FakeEvents(), handler, pools, platform=Platform.WEB, consumer="test")
    for event in events:
        consumer._capacity.acquire()
        await consumer._deliver(Delivery(event=event, acknowledge=partial(acknowledged.append, event)))
    pools.close()
    return hub.calls, acknowledged


async def test_the_web_hears_of_jobs_and_pictures(ports: Ports) -> None:
    accepted = JobAccepted(job_id="new", platform=Platform.WEB)
    changed = PictureChanged(job_id="there", platform=Platform.WEB, picture_id="there.1")
    calls, acknowledged = await read(ports, accepted, ENDED, changed)
    assert calls == [
        ("job_changed", "new"),
        ("job_ended", "there"),
        ("job_changed", "there"),
        ("picture_changed", "there.1"),
    ]
    assert acknowledged == [accepted, ENDED, changed]


async def test_an_event_of_what_is_gone_by_now_holds_up_no_other(ports: Ports) -> None:
    case = CaseChanged(case_id="gone", platform=Platform.WEB)
    calls, acknowledged = await read(ports, NOTICE, case, ENDED)
    assert calls == [("job_ended", "there")]
    assert acknowledged == [NOTICE, case, ENDED]


async def test_an_event_that_a_defect_spoils_holds_up_no_other(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_handler, "find_notice", lambda *_: None)
    calls, acknowledged = await read(ports, NOTICE, ENDED)
    assert calls == [("job_ended", "there")]
    assert acknowledged == [NOTICE, ENDED]


async def test_an_event_that_cannot_be_looked_up_now_comes_again(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr(event_handler, "find_notice", away)
    assert await read(ports, NOTICE) == ([], [])


async def test_a_reader_is_at_work_from_its_start_to_its_stop(ports: Ports) -> None:
    pools = ThreadPools("test", {Pool.DATABASE: 1})
    handler = LiveEvents(ports, pools, Hub())  # type: ignore[arg-type]
    consumer = EventConsumer(FakeEvents(), handler, pools, platform=Platform.WEB, consumer="test")
    assert not consumer.reading
    consumer.start()
    assert consumer.reading
    await asyncio.to_thread(consumer.stop)
    assert not consumer.reading
    pools.close()
