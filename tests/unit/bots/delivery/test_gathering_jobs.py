"""A hundred changes of a gathering at once are at most two looks for the jobs that it wants."""

import asyncio
import threading

import pytest

from bots.delivery.gatherings import gathering_jobs
from bots.delivery.gatherings.gathering_jobs import GatheringJobs
from bots.process.thread_pools import ThreadPools
from studio.errors import QueueUnavailableError
from studio.ports import Ports


async def test_changes_during_a_look_are_one_more_look(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, began, looked = threading.Event(), threading.Event(), []

    def look(_ports: Ports, gathering_id: str) -> None:
        looked.append(gathering_id)
        began.set()
        assert go_on.wait(60)

    monkeypatch.setattr(gathering_jobs, "submit_wanted", look)
    pools = ThreadPools("test")
    try:
        jobs = GatheringJobs(ports, pools)
        first = asyncio.create_task(jobs.submit("a"))
        assert await asyncio.to_thread(began.wait, 60)
        for _ in range(100):
            await jobs.submit("a")
        go_on.set()
        await first
        assert looked == ["a", "a"]
        await jobs.submit("a")
        assert looked == ["a", "a", "a"]
    finally:
        pools.close()


async def test_a_look_that_failed_is_repeated(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_ports: Ports, _gathering_id: str) -> None:
        raise QueueUnavailableError

    pools = ThreadPools("test")
    try:
        jobs = GatheringJobs(ports, pools)
        monkeypatch.setattr(gathering_jobs, "submit_wanted", fail)
        for _ in range(2):
            with pytest.raises(QueueUnavailableError):
                await jobs.submit("a")
    finally:
        pools.close()
