"""The web room's reader of events, and what it acknowledges."""

import threading
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from bots.web.live.event_consumer import EventConsumer
from studio.domain.events import CaseChanged, Event, JobEnded, NoticeWritten
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors import DatabaseUnavailableError
from studio.ports import Delivery, Ports
from tests.support.fakes import FakeEvents


class Backlog(FakeEvents):
    """Hands out these events and ends; what was acknowledged is written down."""

    def __init__(self, *events: Event) -> None:
        super().__init__()
        self.events = events
        self.acknowledged: list[Event] = []

    def deliveries(self, face: str, consumer: str, stop: threading.Event) -> Iterator[Delivery]:
        for event in self.events:
            yield Delivery(event=event, acknowledge=partial(self.acknowledged.append, event))


class Loop:
    def __init__(self, *, closed: bool = False) -> None:
        self.closed = closed
        self.told: list[tuple[object, ...]] = []

    def call_soon_threadsafe(self, _: object, *told: object) -> None:
        if self.closed:
            raise RuntimeError
        self.told.append(told)

    def is_closed(self) -> bool:
        return self.closed


def read(ports: Ports, backlog: Backlog, *, closed: bool = False) -> list[tuple[object, ...]]:
    """What the room is told."""
    loop: Any = Loop(closed=closed)
    room: Any = SimpleNamespace(job_ended=None)
    EventConsumer(backlog, ports.database, room)._read_deliveries(loop)
    told: list[tuple[object, ...]] = loop.told
    return told


ENDED = JobEnded(job_id="there", platform=Platform.WEB, state=JobState.DONE)
NOTICE = NoticeWritten(notice_id="gone", platform=Platform.WEB)


def test_an_event_of_what_is_gone_by_now_holds_up_no_other(ports: Ports) -> None:
    backlog = Backlog(NOTICE, CaseChanged(case_id="gone", platform=Platform.WEB), ENDED)
    assert read(ports, backlog) == [("there",)]
    assert backlog.acknowledged == list(backlog.events)


def test_an_event_that_a_defect_spoils_holds_up_no_other(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.live.event_consumer.find_notice", lambda *_: None)
    backlog = Backlog(NOTICE, ENDED)
    assert read(ports, backlog) == [("there",)]
    assert backlog.acknowledged == [NOTICE, ENDED]


def test_an_event_that_cannot_be_looked_up_now_comes_again(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr("bots.web.live.event_consumer.find_notice", away)
    backlog = Backlog(NOTICE)
    with pytest.raises(DatabaseUnavailableError):
        read(ports, backlog)
    assert backlog.acknowledged == []


def test_an_event_that_reaches_nobody_any_more_comes_again_after_a_restart(ports: Ports) -> None:
    backlog = Backlog(ENDED)
    with pytest.raises(RuntimeError):
        read(ports, backlog, closed=True)
    assert backlog.acknowledged == []
