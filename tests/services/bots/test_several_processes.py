"""Three processes of the Slack front end, and three of the web front end, of which one is killed.

Those of Discord are in test_discord_processes.py.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed

from chatelier.benchmarks.web_client import WebClient
from studio.db import outbox
from studio.db.tables import JobRow
from studio.domain.events import JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Ports
from tests.conftest import RedisServer, free_port
from tests.support import discord_service, slack_service
from tests.support.finished_jobs import paint_job
from tests.support.slack_service import PATIENCE_SECONDS, FrontendProcess

http_process = slack_service.http_process
http_frontend = slack_service.http_frontend
folder = discord_service.folder
ports = discord_service.ports

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
]


@pytest.mark.thorough
async def test_of_three_slack_processes_one_is_killed_and_every_job_is_shown_once(
    http_frontend: FrontendProcess,
) -> None:
    first, slack = http_frontend, http_frontend.slack
    others = [replace(first, port=free_port(), process=None) for _ in range(2)]
    async with AsyncExitStack() as stack:
        for frontend in others:
            await frontend.start()
            stack.push_async_callback(frontend.stop)
        frontends = [first, *others]
        for number in range(9):
            await frontends[number % 3].send(slack.command("/imagine", f"a red fox, number {number}"))
        await slack.until(lambda: len(slack.messages) == len(first.jobs()) == 9)
        await others[0].kill()
        for job in first.jobs():
            await first.paint(job.id)
        await slack.until(lambda: all(message.picture for message in slack.messages))
        late = await others[1].imagine("a red fox afterwards")
        await first.paint(late[0])
        await slack.until(lambda: late[1].picture is not None)
        assert len(slack.messages) == 10
        assert len(slack.called("chat.postMessage")) == 10


@dataclass(kw_only=True)
class WebProcess:
    """`chatelier run web`, which a test may kill."""

    environment: dict[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        command = (sys.executable, "-m", "tests.support.discord_process", "run", "web")
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command,
                env=self.environment | {"CHATELIER_WEB__PORT": str(self.port)},
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(PATIENCE_SECONDS):
            healthy = False
            while not healthy:
                await asyncio.sleep(0.05)
                healthy = await self._is_healthy()

    async def _is_healthy(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log.read_text()[-3000:]
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.address}/healthz")).status_code == 200
        except httpx.HTTPError:
            return False

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


def paint(ports: Ports, job_id: str) -> None:
    """A worker's part."""
    paint_job(ports, job_id)
    with ports.database.begin() as session:
        row = outbox.write(session, JobEnded(job_id=job_id, platform=Platform.WEB, state=JobState.DONE))
    outbox.send(ports.database, ports.events, [row])


def shows(job_id: str) -> Callable[[dict[str, object]], bool]:
    """Whether a message has the card of a job with its pictures."""
    return lambda message: message["type"] == "cards" and f"/thumbnails/{job_id}.1" in str(message)


@pytest.mark.thorough
async def test_of_three_web_processes_each_shows_every_job_to_its_people_though_one_is_killed(
    ports: Ports, redis_process: RedisServer, folder: Path, tmp_path: Path
) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CHATELIER_")}
    environment = own | {
        "CHATELIER_HOME": str(folder / "home"),
        "CHATELIER_DATABASE_URL": str(ports.database.url),
        "CHATELIER_REDIS_URL": redis_process.url,
        "CHATELIER_STORAGE_URL": str(folder / "pictures"),
    }
    servers = [WebProcess(environment=environment, log=tmp_path / f"web-{number}.log") for number in range(3)]
    async with AsyncExitStack() as stack:
        for server in servers:
            stack.push_async_callback(server.kill)
        await asyncio.gather(*(server.start() for server in servers))
        people = [
            await WebClient.enter(server.address, name)
            for server, name in zip(servers, ("Ana", "Bo", "Cy"), strict=True)
        ]
        answers = [
            await person.send_line(f"a red fox, number {number}") for number, person in enumerate(people)
        ]
        jobs = [one.answer["job"] for one in answers]
        paint(ports, jobs[0])
        for person in people:
            await person.hear(shows(jobs[0]))
        await servers[0].kill()
        with suppress(ConnectionClosed):
            await people[0].leave()
        for job_id in jobs[1:]:
            paint(ports, job_id)
        for person in people[1:]:
            for job_id in jobs[1:]:
                await person.hear(shows(job_id))
        back = await WebClient.enter(servers[1].address, "Dan")
        wall = next(message["html"] for _, message in back.heard if message["type"] == "wall")
        for job_id in jobs:
            assert wall.count(f'id="job-{job_id}"') == 1
        for person in (*people[1:], back):
            await person.leave()
    with ports.database.read() as session:
        states = session.scalars(select(JobRow.state).where(JobRow.platform == Platform.WEB)).all()
    assert states == [JobState.DONE] * 3
