"""`chatelier bench load`: people on loopback Discord, Slack and web, against an installation of real processes."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis

from chatelier.benchmarks.database_size.measurement import scratch_database
from chatelier.benchmarks.load.database_time import DatabaseMeter
from chatelier.benchmarks.load.figures import FrontendFigures, LoadFigures, Spread, Sustained, share_by_job
from chatelier.benchmarks.load.people import Crowd, WebRoom, open_chats, share_out
from chatelier.benchmarks.load.processes import Processes
from chatelier.benchmarks.load.requests import Request, Requests
from chatelier.benchmarks.load.sampling import Sampler, Samples
from chatelier.benchmarks.load.waiting_jobs import Painting, paint_waiting_jobs
from studio.db.database import Database

_SAMPLES = 60  # at most so many lines of progress
_LEAST_SECONDS = 2.0  # between two of them
_DELAY_SECONDS = 0.05
_LOOK_SECONDS = 0.02
_WAITING_JOBS_OF_A_PERSON = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """`postgresql` is the URL of a server on which databases may be made; None: SQLite."""

    people: int
    minutes: float
    frontends: Sequence[str]
    workers: int
    side_pixels: int
    postgresql: str | None = None


async def measure_load(plan: LoadPlan, say: Callable[[str], None]) -> LoadFigures:
    """Three measurements one after another; Ctrl-C ends the present one and leaves out the others.

    Raises `ServiceError` when a process does not start or ends.
    """
    figures = LoadFigures(
        people=plan.people,
        workers=plan.workers,
        database="PostgreSQL" if plan.postgresql else "SQLite",
        cores=os.cpu_count() or 1,
        load_average=os.getloadavg()[0],
    )
    requests = Requests()
    async with AsyncExitStack() as stack:
        stopping = stack.enter_context(_interruptible())
        database = stack.enter_context(scratch_database(plan.postgresql))
        home = Path(stack.enter_context(TemporaryDirectory(prefix="chatelier-bench-")))
        chats = await stack.enter_async_context(open_chats(plan.frontends, requests))
        processes = Processes(home, database.url.render_as_string(hide_password=False))
        stack.push_async_callback(processes.close)
        say("Starting the processes …")
        await processes.start_redis()
        starting = processes.start(
            plan.frontends,
            plan.workers,
            side_pixels=plan.side_pixels,
            environment=chats.environment,
        )
        if not await _is_done_before(stopping, starting):
            return figures
        client = stack.enter_context(closing(redis.Redis.from_url(processes.redis.url)))
        crowd = Crowd(
            people=share_out(plan.people, plan.frontends),
            requests=requests,
            platforms=dict(chats.chats),
            stopping=stopping,
        )
        run = _Run(plan, say, crowd, _Installation(database, processes, Sampler(processes, client)))
        async with _late_ticks() as delays:
            figures = await run.measure(figures)
        return replace(figures, own_delay=Spread.of(delays))


@dataclass(frozen=True, slots=True)
class _Installation:
    database: Database
    processes: Processes
    sampler: Sampler


class _Run:
    """One after another: everybody at once, everybody again and again, jobs that wait."""

    def __init__(
        self, plan: LoadPlan, say: Callable[[str], None], crowd: Crowd, installation: _Installation
    ) -> None:
        self._plan = plan
        self._say = say
        self._crowd = crowd
        self._installation = installation
        self._processes = installation.processes
        self._meter = DatabaseMeter(installation.database, installation.processes)

    async def measure(self, figures: LoadFigures) -> LoadFigures:
        async with self._web_people() as platforms:
            self._crowd.platforms = {**self._crowd.platforms, **platforms}
            steps = (("at_once", self._all_at_once), ("sustained", self._again_and_again))
            for name, step in steps:
                if not self._crowd.stopping.is_set():
                    figures = replace(figures, **{name: await step()})  # type: ignore[arg-type]
        if not self._crowd.stopping.is_set():
            self._say("Ending the front ends …")
            await self._processes.stop(self._plan.frontends)
            self._say("Painting jobs that wait …")
            painting = Painting(
                database=self._installation.database, processes=self._processes, meter=self._meter
            )
            jobs = _WAITING_JOBS_OF_A_PERSON * self._plan.people
            drain = await paint_waiting_jobs(painting, jobs, interrupted=self._crowd.stopping.is_set)
            figures = replace(figures, drain=drain)
        return figures

    @asynccontextmanager
    async def _web_people(self) -> AsyncIterator[Mapping[str, WebRoom]]:
        if WebRoom.name not in self._plan.frontends:
            yield {}
            return
        self._say("Letting people into the web page …")
        room = WebRoom(self._crowd.requests)
        people = sum(person.frontend == WebRoom.name for person in self._crowd.people)
        try:
            await room.enter(self._processes.web_address, people)
            yield {WebRoom.name: room}
        finally:
            await room.leave()

    async def _all_at_once(self) -> dict[str, FrontendFigures]:
        self._say(f"{self._plan.people} people ask at once …")
        before = self._processes.processor_seconds()
        asking = asyncio.create_task(self._crowd.ask_at_once())
        acknowledging: dict[str, float] = {}
        while not (await asyncio.wait({asking}, timeout=_LOOK_SECONDS))[0]:
            for name in set(self._plan.frontends) - acknowledging.keys():
                if self._crowd.requests.are_acknowledged(name):
                    acknowledging[name] = self._processes.processor_seconds()[name] - before[name]
        after = self._processes.processor_seconds()
        figures = self._figures_of(
            await asking, {name: after[name] - before[name] for name in self._plan.frontends}
        )
        return {
            name: replace(found, acknowledging_seconds=acknowledging.get(name))
            for name, found in figures.items()
        }

    async def _again_and_again(self) -> Sustained:
        seconds = self._plan.minutes * 60
        self._say(f"They ask again and again for {seconds:.0f} s …")
        self._meter.start()
        began, before = time.monotonic(), self._meter.processor_seconds()
        samples = Samples()
        self._installation.sampler.take(samples)
        asking = asyncio.create_task(self._crowd.ask_again_and_again(seconds))
        every = max(_LEAST_SECONDS, seconds / _SAMPLES)
        try:
            while not (await asyncio.wait({asking}, timeout=every))[0]:
                await asyncio.to_thread(self._installation.sampler.take, samples)
                self._report(samples, began)
            await asking
        finally:
            asking.cancel()
        ended, after = time.monotonic(), self._meter.processor_seconds()
        self._installation.sampler.take(samples)
        requests = self._crowd.requests
        asked, jobs = list(requests.asked_since(began)), requests.ended_between(began, ended)
        memory, queues = samples.growth()
        return Sustained(
            seconds=ended - began,
            jobs_per_second=jobs / (ended - began),
            processor_ms=share_by_job(before, after, jobs),
            frontends=self._figures_of(
                asked, {name: after[name] - before[name] for name in self._plan.frontends}
            ),
            memory_mib=memory,
            queues=queues,
            database=self._meter.for_each(jobs),
            load_average=os.getloadavg()[0],
        )

    def _report(self, samples: Samples, began: float) -> None:
        now = time.monotonic()
        jobs = self._crowd.requests.ended_between(began, now)
        queues = ", ".join(f"{values[-1][1]:.0f} {name}" for name, values in samples.queues.items())
        memory = sum(values[-1][1] for values in samples.memory_mib.values())
        rate = jobs / (now - began)
        self._say(f"{now - began:.0f} s: {jobs} jobs, {rate:.1f} a second; {queues}; {memory:.0f} MiB")

    def _figures_of(
        self, asked: Sequence[Request], processor_seconds: Mapping[str, float]
    ) -> dict[str, FrontendFigures]:
        return {
            name: FrontendFigures.of(
                [request for request in asked if request.frontend == name],
                processor_seconds=processor_seconds[name],
            )
            for name in self._plan.frontends
        }


@contextmanager
def _interruptible() -> Iterator[asyncio.Event]:
    """Ctrl-C sets the event; the second one cancels the measurement."""
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    task = asyncio.current_task()

    def interrupt() -> None:
        if stopping.is_set() and task is not None:
            task.cancel()
        stopping.set()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield stopping
    finally:
        loop.remove_signal_handler(signal.SIGINT)


async def _is_done_before(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """False where the event came first: then the work is cancelled. Raises what the work raises."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
        return working.done()
    finally:
        working.cancel()
        stopped.cancel()


@asynccontextmanager
async def _late_ticks() -> AsyncIterator[list[float]]:
    """How many seconds late this process' event loop was, again and again: every figure contains it."""
    delays: list[float] = []

    async def tick() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(_DELAY_SECONDS)
            delays.append(max(0.0, time.monotonic() - began - _DELAY_SECONDS))

    ticking = asyncio.create_task(tick())
    try:
        yield delays
    finally:
        ticking.cancel()
