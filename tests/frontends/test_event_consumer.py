"""What a front end has in hand when it ends is shown, or comes again after a restart."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import discord
import pytest

from bots.delivery.event_consumer import EventConsumer
from bots.discord.bot import ChatelierBot
from bots.process.thread_pools import Pool, ThreadPools
from studio.domain.events import Event, JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Delivery, Ports
from tests.support.discord_sim import settings_for
from tests.support.fakes import FakeEvents

ENDED = JobEnded(job_id="k3v9m2p4qx7a", platform=Platform.DISCORD, state=JobState.DONE)


class Platforms:
    """A board whose platform answers when it is let, and never again once its session is closed."""

    def __init__(self) -> None:
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.closed = False
        self.shown: list[Event] = []

    async def handle(self, event: Event) -> None:
        self.asked.set()
        await self.may_answer.wait()
        if self.closed:
            raise RuntimeError("Session is closed")
        self.shown.append(event)


class Hands:
    """News that has one event in hand."""

    def __init__(self) -> None:
        self.board = Platforms()
        self.pools = ThreadPools("test", {Pool.DATABASE: 1})
        self.acknowledged: list[object] = []
        board: Any = self.board
        self.news = EventConsumer(FakeEvents(), board, self.pools, platform=Platform.DISCORD, consumer="test")
        self.news._loop, self.news._context = asyncio.get_running_loop(), None  # type: ignore[assignment]

    async def take(self) -> None:
        delivery = Delivery(event=ENDED, acknowledge=partial(self.acknowledged.append, ENDED))
        self.news._capacity.acquire()
        self.news._hand_over(partial(self.news._deliver, delivery))
        await self.board.asked.wait()

    async def end(self) -> None:
        """its:As a front end ends: its: its session is closed, and what still waits for an answer gets an error."""
        tasks = set(self.news._tasks)
        self.board.closed = True
        self.board.may_answer.set()
        if tasks:
            await asyncio.wait(tasks)
        self.pools.close()


async def test_what_is_in_hand_is_brought_to_its_end() -> None:
    hands = Hands()
    await hands.take()
    hands.board.may_answer.set()
    await hands.news.finish(seconds=300)
    await hands.end()
    assert hands.board.shown == [ENDED]
    assert hands.acknowledged == [ENDED]


async def test_what_is_not_brought_to_its_end_in_time_comes_again() -> None:
    hands = Hands()
    await hands.take()
    await hands.news.finish(seconds=0)
    await hands.end()
    assert hands.board.shown == []
    assert hands.acknowledged == []


async def test_a_bot_brings_what_it_has_in_hand_before_it_leaves(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noting(name: str) -> Any:
        async def note(*_: object, **__: object) -> None:
            done.append(name)

        return note

    bot = ChatelierBot(ports, settings_for(tmp_path))
    monkeypatch.setattr(bot.event_consumer, "finish", noting("finished"))
    monkeypatch.setattr(bot.event_consumer, "flush", noting("flushed"))
    monkeypatch.setattr(discord.AutoShardedClient, "close", noting("left"))
    await bot.close()
    assert done == ["finished", "flushed", "left"]
