"""What the web page is told of events, and what is acknowledged."""

import asyncio
from functools import partial
from typing import Any

import pytest

from bots.delivery.gatherings import gathering_jobs
from bots.process.thread_pools import Pool, ThreadPools
from bots.web.live import event_handler, live_consumer
from bots.web.live.event_handler import LiveEvents
from bots.web.live.live_consumer import LiveEventConsumer
from studio.domain.cases import Notice
from studio.domain.events import (
    CaseChanged,
    Event,
    GatheringChanged,
    JobAccepted,
    JobEnded,
    NoticeWritten,
    PictureChanged,
)
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors import DatabaseUnavailableError, NotFoundError
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


class Reader:
    """A web process that is told of events; what its hub is told is written down."""

    def __init__(self, ports: Ports) -> None:
        self.hub, self.pools = Hub(), ThreadPools("test", {Pool.DATABASE: 1, Pool.COMMANDS: 1})
        handler = LiveEvents(ports, self.pools, self.hub)  # type: ignore[arg-type]
        self.consumer = LiveEventConsumer(FakeEvents(), handler, self.pools, consumer="test")

    async def show(self, *events: Event) -> list[tuple[str, ...]]:
        for event in events:
            await self.consumer._show(event)
        self.pools.close()
        return self.hub.calls


async def test_the_web_hears_of_jobs_and_pictures(ports: Ports) -> None:
    accepted = JobAccepted(job_id="new", platform=Platform.WEB)
    changed = PictureChanged(job_id="there", platform=Platform.WEB, picture_id="there.1")
    assert await Reader(ports).show(accepted, ENDED, changed) == [
        ("job_changed", "new"),
        ("job_ended", "there"),
        ("job_changed", "there"),
        ("picture_changed", "there.1"),
    ]


async def test_an_event_of_what_is_gone_by_now_holds_up_no_other(ports: Ports) -> None:
    case = CaseChanged(case_id="gone", platform=Platform.WEB)
    assert await Reader(ports).show(NOTICE, case, ENDED) == [("job_ended", "there")]


async def test_an_event_that_a_defect_spoils_holds_up_no_other(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_handler, "find_notice", lambda *_: None)
    assert await Reader(ports).show(NOTICE, ENDED) == [("job_ended", "there")]


async def test_an_event_that_cannot_be_looked_up_now_is_looked_up_again(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def look_up(_session: object, notice_id: str) -> Notice:
        tries.append(notice_id)
        if len(tries) == 1:
            raise DatabaseUnavailableError
        raise NotFoundError("notice")

    monkeypatch.setattr(event_handler, "find_notice", look_up)
    monkeypatch.setattr(live_consumer, "_PAUSE_SECONDS", 0)
    assert await Reader(ports).show(NOTICE) == []
    assert tries == ["gone", "gone"]


async def test_of_several_processes_each_shows_an_event_and_one_acts_upon_it(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted: list[str] = []
    monkeypatch.setattr(gathering_jobs, "submit_wanted", lambda _ports, key: submitted.append(key))
    changed = GatheringChanged(gathering_id="g", platform=Platform.WEB)
    acknowledged: list[Event] = []
    reader = Reader(ports)
    for event in (changed, ENDED):
        reader.consumer._capacity.acquire()
        await reader.consumer._deliver(Delivery(event=event, acknowledge=partial(acknowledged.append, event)))
    assert submitted == ["g"]
    assert acknowledged == [changed, ENDED]
    assert reader.hub.calls == [], "what is delivered to one process is not what is shown"
    assert await reader.show(changed, ENDED) == [("job_ended", "there")]
    assert submitted == ["g"]


async def test_a_reader_is_at_work_from_its_start_to_its_stop(ports: Ports) -> None:
    reader = Reader(ports)
    consumer = reader.consumer
    assert not consumer.reading
    consumer.start()
    assert consumer.reading
    await asyncio.to_thread(consumer.stop)
    assert not consumer.reading
    reader.pools.close()
