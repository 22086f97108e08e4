"""A bot that runs as a process, with a loopback Discord, real Redis and a worker played by the test."""

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from chatelier.benchmarks.loopback.discord_payloads import TOKEN
from chatelier.runtime import db_schema
from engine.imaging.image_tools import PillowImageTools
from engine.queue.redis_events import RedisEvents
from engine.storage import open_store
from studio.commands.submission.job_creation import open_hold
from studio.db import outbox, queries
from studio.db.database import Database
from studio.db.tables import Base, DeliveryRow, JobRow
from studio.domain.events import JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.verdicts import Ruling, Verdict
from studio.ports import Ports
from tests.conftest import RedisServer
from tests.support.fakes import FakeCaseService, FakeExaminer, FakeGate, FakeOptions, FakeQueue
from tests.support.finished_jobs import end_job, paint_job
from tests.support.loopback_discord.records import Message
from tests.support.loopback_discord.server import LoopbackDiscord, open_discord

PATIENCE_SECONDS = 300.0  # bounds a hang; how fast an answer was is printed

RUN = (sys.executable, "-m", "tests.support.discord_process", "run", "discord")


@dataclass(kw_only=True)
class BotProcess:
    """`chatelier run discord`, which a test may kill and start again."""

    environment: dict[str, str]
    log: Path
    discord: LoopbackDiscord
    program: tuple[str, ...] = RUN
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> float:
        """Seconds from start to ready."""
        self.discord.gateway.connected.clear()
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.program,
                "--ready-file",
                str(self.log.with_name("ready")),
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        ready = asyncio.create_task(self.discord.gateway.connected.wait())
        gone = asyncio.create_task(self.process.wait())
        await asyncio.wait({ready, gone}, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        assert ready.done(), f"the bot did not come up:\n{self.text()[-3000:]}"
        gone.cancel()
        return time.monotonic() - began

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def stop(self) -> int:
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_SECONDS)

    def text(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass(kw_only=True)
class Instance:
    discord: LoopbackDiscord
    bot: BotProcess
    ports: Ports
    problems: list[str] = field(default_factory=list)

    def empty(self) -> None:
        """As if nobody had been here."""
        with self.ports.database.begin() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
        self.discord.empty()

    def jobs(self) -> list[JobRow]:
        with self.ports.database.read() as session:
            return list(session.query(JobRow).order_by(JobRow.created_at))

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"{what}\n{self.bot.text()[-3000:]}"
            await asyncio.sleep(0.02)

    async def job_count(self, count: int) -> list[JobRow]:
        await self.until(lambda: len(self.jobs()) >= count, f"there are not {count} jobs")
        return self.jobs()

    def deliveries(self) -> int:
        with self.ports.database.read() as session:
            return session.query(DeliveryRow).count()

    def paint(self, job_id: str, png: bytes = b"") -> None:
        """A worker's part: the job ends with pictures, and the front ends are told."""
        paint_job(self.ports, job_id, png=png)
        self.tell(job_id, JobState.DONE)

    def end(self, job_id: str, state: JobState) -> None:
        end_job(self.ports, job_id, state)
        self.tell(job_id, state)

    def hold(self, job_id: str) -> None:
        """A worker's part, when the gate leaves a job to a moderator."""
        end_job(self.ports, job_id, JobState.HELD)
        with self.ports.database.begin() as session:
            verdict = Verdict(ruling=Ruling.HOLD, rule="meaning", category="violence")
            rows = open_hold(session, queries.find_job(session, job_id), verdict)
        outbox.send(self.ports.database, self.ports.events, rows)

    def cases(self) -> list[Message]:
        return [message for message in self.discord.seen() if "Held for a moderator" in message.words]

    def tell(self, job_id: str, state: JobState) -> None:
        with self.ports.database.begin() as session:
            row = outbox.write(session, JobEnded(job_id=job_id, platform=Platform.DISCORD, state=state))
        outbox.send(self.ports.database, self.ports.events, [row])

    def finished(self) -> list[Message]:
        return [message for message in self.discord.seen() if message.attachments and "seed" in message.words]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("discord")


@pytest.fixture(scope="module")
def ports(folder: Path, redis_process: RedisServer) -> Iterator[Ports]:
    database = Database(f"sqlite:///{folder / 'studio.sqlite3'}")
    db_schema.upgrade(database)
    events = RedisEvents(redis_process.url)
    yield Ports(
        database=database,
        gate=FakeGate(),
        queue=FakeQueue(),
        store=open_store(str(folder / "pictures")),
        events=events,
        image_tools=PillowImageTools(),
        desk=FakeCaseService(database=database),
        examiner=FakeExaminer(),
        options=FakeOptions(),
    )
    events.close()
    database.close()


def environment(url: str, ports: Ports, redis_url: str, folder: Path, **more: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CHATELIER_")},
        "CHATELIER_HOME": str(folder / "home"),
        "CHATELIER_DATABASE_URL": str(ports.database.url),
        "CHATELIER_REDIS_URL": redis_url,
        "CHATELIER_STORAGE_URL": str(folder / "pictures"),
        "CHATELIER_DISCORD__TOKEN": TOKEN,
        "CHATELIER_DISCORD__API_URL": f"{url}/api/v10",
        "CHATELIER_DISCORD__GATEWAY_URL": f"{url.replace('http', 'ws')}/gateway",
        **more,
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(ports: Ports, redis_process: RedisServer, folder: Path) -> AsyncIterator[Instance]:
    """One bot for all tests that leave it alone; one that was killed is started again for the next."""
    async with open_discord() as (discord, url):
        settings = environment(url, ports, redis_process.url, folder)
        bot = BotProcess(environment=settings, log=folder / "bot.log", discord=discord)
        yield Instance(discord=discord, bot=bot, ports=ports)
        await bot.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def instance(running: Instance) -> AsyncIterator[Instance]:
    """Empty, with the bot in it."""
    running.empty()
    bot, discord = running.bot, running.discord
    if bot.process is None or bot.process.returncode is not None:
        print(f"start to ready: {await bot.start():.1f} s")
    said_before = len(bot.text())
    yield running
    log = bot.text()[said_before:]
    assert "Traceback" not in log, log[-4000:]
    assert TOKEN not in log
    if discord.contract is not None:
        assert discord.contract.problems == []


def png(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return file.getvalue()
