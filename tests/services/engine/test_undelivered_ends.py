"""The end of a job is shown although its event was lost: by a Redis that lost its data, or in a restored database."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import select, update

from bots.delivery.chat_event_handler import ChatEventHandler
from bots.delivery.deliveries import record
from bots.delivery.event_consumer import EventConsumer
from bots.process.thread_pools import ThreadPools
from engine.maintenance.job_sweeper import Sweeper
from engine.queue.redis_events import RedisEvents
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import outbox, queries
from studio.db.tables import DeliveryRow, OutboxRow
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.events import JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import InstanceLimits, Ports
from studio.services import held_job_decisions
from tests.support.chat import Chat
from tests.support.fakes import FakeEvents, fake_ports, someone, somewhere
from tests.support.finished_jobs import end_job, paint_job

PATIENCE_SECONDS = 120  # bounds a hang
SOON = timedelta(seconds=90)  # when an end was looked for once


@pytest.fixture
def ports(database_url: str) -> Iterator[Ports]:
    made = fake_ports(database_url)
    yield made
    made.database.close()


def ask(ports: Ports, key: str, platform: Platform = Platform.DISCORD) -> str:
    person, address = (replace(entry, platform=platform) for entry in (someone(f"ana{key}"), somewhere()))
    call = Call(person=person, address=address, request_key=key)  # type: ignore[arg-type]
    return execute(ports, call, "imagine", {"prompt": "a red apple", "count": 1}).job_id


def end(ports: Ports, job: str, state: JobState = JobState.DONE) -> None:
    """As a worker does it, with the event."""
    (paint_job if state is JobState.DONE else end_job)(ports, job, state=state)
    platform = platform_of(ports, job)
    with ports.database.begin() as session:
        row = outbox.write(session, JobEnded(job_id=job, platform=platform, state=state))
    outbox.send(ports.database, ports.events, [row])


def platform_of(ports: Ports, job: str) -> Platform:
    with ports.database.read() as session:
        return queries.find_job(session, job).address.platform


def told_again(ports: Ports, *, after: timedelta = SOON) -> list[str]:
    """The jobs of which front ends are told once more, so long after now."""
    assert isinstance(ports.events, FakeEvents)
    ports.events.published.clear()
    outbox.send_undelivered(ports.database, ports.events, at=now() + after)
    return [event.job_id for event in ports.events.published if isinstance(event, JobEnded)]


def shown(ports: Ports, job: str, *, final: bool = True) -> None:
    subject = Subject(DeliveryKind.JOB, job, platform_of(ports, job))
    record(ports.database, subject, MessageRef(channel="main", message=f"m-{job}", final=final))


def test_an_end_that_no_message_shows_is_told_again_until_one_does(ports: Ports) -> None:
    never, begun, done = (ask(ports, key) for key in "abc")
    shown(ports, begun, final=False)
    shown(ports, done)
    for job in (never, begun, done):
        end(ports, job)
    assert told_again(ports, after=timedelta()) == [], "its front end is given a moment"
    assert sorted(told_again(ports)) == sorted([never, begun])
    assert told_again(ports) == [], "and then longer and longer"
    assert sorted(told_again(ports, after=2 * SOON)) == sorted([never, begun])
    shown(ports, begun)
    assert told_again(ports, after=10 * SOON) == [never]


def test_what_cannot_be_shown_is_given_up_after_days(ports: Ports) -> None:
    job = ask(ports, "a")
    end(ports, job)
    tries = 0
    for day in range(1, 40):
        tries += len(told_again(ports, after=timedelta(days=day)))
    assert 5 < tries < 20
    with ports.database.read() as session:
        assert session.scalars(select(OutboxRow.check_at)).all() == [None] * 2


@pytest.mark.parametrize("state", [JobState.REFUSED, JobState.FAILED, JobState.CANCELLED, JobState.HELD])
def test_every_end_is_told_again_and_one_event_a_job_will_do(ports: Ports, state: JobState) -> None:
    job = ask(ports, "a", Platform.SLACK)
    end(ports, job, state)
    with ports.database.begin() as session:
        row = outbox.write(session, JobEnded(job_id=job, platform=Platform.SLACK, state=state))
    outbox.send(ports.database, ports.events, [row])
    assert told_again(ports) == [job]


def test_a_job_that_goes_on_and_one_of_the_web_are_not_told_again(ports: Ports) -> None:
    end(ports, ask(ports, "a", Platform.WEB))
    refused = ask(ports, "b")
    end(ports, refused, JobState.REFUSED)
    shown(ports, refused)
    with ports.database.begin() as session:
        events = held_job_decisions.release(session, refused)
    outbox.send(ports.database, ports.events, events)
    assert told_again(ports) == []
    end(ports, refused)
    assert told_again(ports) == [refused], "the message still shows the refusal"


def test_a_queue_that_is_away_uses_up_no_attempt(ports: Ports) -> None:
    job = ask(ports, "a")
    end(ports, job)
    ports.events.away = True
    assert told_again(ports) == []
    ports.events.away = False
    assert told_again(ports) == [job]


def test_old_ends_are_told_again_after_a_restore_before_they_are_forgotten(tmp_path: Path) -> None:
    file, copy = tmp_path / "studio.sqlite3", tmp_path / "copy.sqlite3"
    ports = fake_ports(f"sqlite:///{file}")
    lost, seen = ask(ports, "a"), ask(ports, "b")
    for job in (lost, seen):
        end(ports, job)
    shown(ports, seen)
    with ports.database.begin() as session:
        session.execute(update(OutboxRow).values(published_at=now() - timedelta(days=9), check_at=now()))
    ports.database.close()
    shutil.copy(file, copy)
    restored = fake_ports(f"sqlite:///{copy}")
    sweeper = Sweeper(
        database=restored.database, queue=restored.queue, events=restored.events, rules=InstanceLimits()
    )
    sweeper.sweep()
    assert [event.job_id for event in restored.events.published] == [lost]
    restored.database.close()


class FrontEnd:
    """A Discord front end's reading of events, on a real Redis, in front of a chat of its own."""

    def __init__(self, ports: Ports, chat: Chat) -> None:
        pools = ThreadPools("discord")
        handler = ChatEventHandler(ports, pools, chat, pixelated=False)
        self._pools = pools
        self._news = EventConsumer(ports.events, handler, pools, platform=Platform.DISCORD, consumer="one")

    async def __aenter__(self) -> "FrontEnd":
        self._news.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._news.stop)
        await self._news.finish(seconds=PATIENCE_SECONDS)
        self._pools.close()


async def until(condition) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - another thread
            await asyncio.sleep(0.02)


async def test_jobs_that_end_while_redis_loses_its_data_are_shown_once(
    ports: Ports, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_CHECK_AFTER", timedelta())
    events, chat = RedisEvents(redis_url), Chat()
    ports = replace(ports, events=events)
    jobs = [ask(ports, str(index)) for index in range(15)]
    async with FrontEnd(ports, chat):
        await until(lambda: len(chat.messages) == len(jobs))
    for job in jobs:
        end(ports, job)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    sweeper = Sweeper(database=ports.database, queue=ports.queue, events=events, rules=InstanceLimits())
    async with FrontEnd(ports, chat):
        sweeper.sweep()
        await until(lambda: all(shown.now.final for shown in chat.messages.values()))
    sweeper.sweep()
    with ports.database.read() as session:
        assert session.scalars(select(DeliveryRow.final)).all() == [True] * len(jobs)
        ends = session.scalars(select(OutboxRow.check_at).where(OutboxRow.kind == "JobEnded")).all()
        assert ends == [None] * len(jobs)
    assert chat.sent == len(jobs)
    events.close()


async def test_the_end_of_a_job_whose_channel_is_gone_is_tried_once(ports: Ports) -> None:
    chat = Chat()
    chat.closed.add("everywhere")
    job = ask(ports, "a")
    end(ports, job)
    pools = ThreadPools("discord")
    handler = ChatEventHandler(ports, pools, chat, pixelated=False)
    await handler.handle(JobEnded(job_id=job, platform=Platform.DISCORD, state=JobState.DONE))
    pools.close()
    assert told_again(ports) == []
