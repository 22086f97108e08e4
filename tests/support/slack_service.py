"""A Slack front end that runs as a process, with a loopback Slack, real Redis and a worker played by the test."""

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import select

from chatelier.settings import load_settings
from chatelier.wiring.database import upgrade_database
from chatelier.wiring.ports import frontend_ports
from studio.db import outbox
from studio.db.tables import Base, JobRow
from studio.domain.events import JobEnded, JobProgress
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Ports
from tests.conftest import RedisServer, free_port
from tests.support.fakes import close_ports
from tests.support.finished_jobs import end_job, paint_job
from tests.support.loopback_slack.payloads import signed
from tests.support.loopback_slack.records import (
    ANA,
    APP_TOKEN,
    BOT_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    PATIENCE_SECONDS,
    SIGNING_SECRET,
    Message,
)
from tests.support.loopback_slack.server import LoopbackSlack

KINDS = {
    "block_actions": "interactive",
    "message_action": "interactive",
    "shortcut": "interactive",
    "view_submission": "interactive",
    "event_callback": "events_api",
}


@dataclass(kw_only=True)
class FrontendProcess:
    """`chatelier run slack` in a home of its own."""

    home: Path
    redis_url: str
    slack: LoopbackSlack
    socket_mode: bool
    ports: Ports
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> Path:
        return self.home.parent / "slack.log"

    def environment(self, **changes: str) -> dict[str, str]:
        mode = (
            {"CHATELIER_SLACK__APP_TOKEN": APP_TOKEN, "CHATELIER_SLACK__BOT_TOKEN": BOT_TOKEN}
            if self.socket_mode
            else {
                "CHATELIER_SLACK__CLIENT_ID": CLIENT_ID,
                "CHATELIER_SLACK__CLIENT_SECRET": CLIENT_SECRET,
                "CHATELIER_SLACK__SIGNING_SECRET": SIGNING_SECRET,
                "CHATELIER_SLACK__PORT": str(self.port),
            }
        )
        return (
            dict(os.environ)
            | {
                "CHATELIER_HOME": str(self.home),
                "CHATELIER_REDIS_URL": self.redis_url,
                "CHATELIER_SLACK__API_URL": self.slack.api_url,
                "CHATELIER_SLACK__CLAIM_SECONDS": "2",
                # All tests are asked by the same few people.
                "CHATELIER_LIMITS__PER_10_SECONDS": "1000",
                "CHATELIER_LIMITS__PER_HOUR": "10000",
            }
            | mode
            | changes
        )

    async def launch(self, **changes: str) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "chatelier", "run", "slack",
                env=self.environment(**changes), stdout=log, stderr=log,
            )  # fmt: skip

    async def start(self) -> None:
        opened = self.slack.opened_sockets
        self.process = await self.launch()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await self._is_ready(opened):
            if self.process.returncode is not None or time.monotonic() > deadline:
                pytest.fail(f"the front end did not start:\n{self.log.read_text()[-3000:]}", pytrace=False)
            await asyncio.sleep(0.05)

    async def _is_ready(self, opened: int) -> bool:
        if self.socket_mode:
            return self.slack.opened_sockets > opened
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{self.port}/healthz") as response,
            ):
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def install(self) -> None:
        """A workspace installs the app: from its page over Slack's and back."""
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{self.port}/slack/install") as response:
                page, cookie = await response.text(), response.headers["Set-Cookie"].partition(";")[0]
            self.slack.granting("a-code", BOT_TOKEN)
            back = f"http://127.0.0.1:{self.port}/slack/oauth_redirect?code=a-code&state={cookie.partition('=')[2]}"
            assert cookie.partition("=")[2] in page
            async with session.get(back, headers={"Cookie": cookie}) as response:
                assert response.status == 200, await response.text()

    def empty(self) -> None:
        """Everything that was asked for before is gone; the front end runs on."""
        self.slack.empty()
        with self.ports.database.begin() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if not table.name.startswith("slack_"):
                    session.execute(table.delete())

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()

    async def send(self, payload: Mapping[str, Any], **more: Any) -> Any:
        """What Slack sends, over the way in that is open; the answer is the payload of the acknowledgement."""
        kind = "slash_commands" if "command" in payload else KINDS[payload["type"]]
        if self.socket_mode:
            return await self.slack.envelope(kind, payload, **more)
        retry = more.get("retry", 0)
        body, headers = signed(payload, kind=kind, at=time.time() + retry)  # each retry is signed anew
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        status, answer = await self.post(body, headers)
        assert status == 200, answer
        return answer

    async def post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        began = time.monotonic()
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"http://127.0.0.1:{self.port}/slack/events", data=io.BytesIO(body), headers=dict(headers)
            ) as response,
        ):
            answer = await response.json() if response.content_type == "application/json" else None
            number = f"post-{len(self.slack.acks)}"
            self.slack.sent_at[number], self.slack.acks[number] = began, (time.monotonic(), answer)
            return response.status, answer

    # ---- the worker that the test plays

    def jobs(self) -> list[JobRow]:
        with self.ports.database.read() as session:
            return list(session.scalars(select(JobRow).order_by(JobRow.created_at)))

    async def progress(self, job_id: str, step: int, steps: int = 8) -> None:
        progress = JobProgress(job_id=job_id, platform=Platform.SLACK, step=step, steps=steps)
        await asyncio.to_thread(self.ports.events.announce, progress)

    async def paint(self, job_id: str, *, png: bytes = b"") -> None:
        await asyncio.to_thread(self._end, job_id, JobState.DONE, png)

    async def fail(self, job_id: str) -> None:
        await asyncio.to_thread(self._end, job_id, JobState.FAILED, b"")

    def _end(self, job_id: str, state: JobState, png: bytes) -> None:
        if state is JobState.DONE:
            paint_job(self.ports, job_id, png=png)
        else:
            end_job(self.ports, job_id, state)
        with self.ports.database.begin() as session:
            ended = JobEnded(job_id=job_id, platform=Platform.SLACK, state=state)
            row = outbox.write(session, ended)
        outbox.send(self.ports.database, self.ports.events, [row])

    async def imagine(self, text: str = "a red fox", *, user: str = ANA) -> tuple[str, Message]:
        """A job and its message, from a slash command."""
        known = {row.id for row in self.jobs()}
        count = len(self.slack.messages)
        await self.send(self.slack.command("/imagine", text, user=user))
        await self.slack.until(lambda: len(self.slack.messages) > count)
        job_id = next(row.id for row in self.jobs() if row.id not in known)
        return job_id, self.slack.messages[-1]


@asynccontextmanager
async def running(folder: Path, redis_url: str, *, socket_mode: bool) -> AsyncIterator[FrontendProcess]:
    home = folder / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATELIER_HOME", str(home))
        patch.setenv("CHATELIER_REDIS_URL", redis_url)
        settings = load_settings()
        upgrade_database(settings)
        ports = frontend_ports(settings)
    async with LoopbackSlack().open() as slack:
        slack.polls_until_ready = 1
        frontend = FrontendProcess(
            home=home, redis_url=redis_url, slack=slack, socket_mode=socket_mode, ports=ports
        )
        try:
            await frontend.start()
            if not socket_mode:
                await frontend.install()
                await slack.until(lambda: bool(slack.messages))  # who installed it is greeted
            yield frontend
            assert await frontend.stop() == 0, frontend.log.read_text()[-3000:]
            log = frontend.log.read_text()
            assert "Traceback" not in log, log[-3000:]
            assert "a red fox" not in log
            assert BOT_TOKEN not in log
        finally:
            if frontend.process is not None and frontend.process.returncode is None:
                await frontend.kill()
            close_ports(ports)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def socket_process(
    tmp_path_factory: pytest.TempPathFactory, redis_process: RedisServer
) -> AsyncIterator[FrontendProcess]:
    async with running(
        tmp_path_factory.mktemp("socket"), redis_process.url.removesuffix("0") + "1", socket_mode=True
    ) as frontend:
        yield frontend


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http_process(
    tmp_path_factory: pytest.TempPathFactory, redis_process: RedisServer
) -> AsyncIterator[FrontendProcess]:
    async with running(
        tmp_path_factory.mktemp("http"), redis_process.url.removesuffix("0") + "2", socket_mode=False
    ) as frontend:
        yield frontend


@pytest_asyncio.fixture(loop_scope="module")
async def socket_frontend(socket_process: FrontendProcess) -> AsyncIterator[FrontendProcess]:
    socket_process.empty()
    yield socket_process
    print(f"slowest acknowledgement: {socket_process.slack.slowest_ack_seconds():.3f} s")


@pytest_asyncio.fixture(loop_scope="module")
async def http_frontend(http_process: FrontendProcess) -> AsyncIterator[FrontendProcess]:
    http_process.empty()
    yield http_process
    print(f"slowest acknowledgement: {http_process.slack.slowest_ack_seconds():.3f} s")


@pytest.fixture(params=["socket", "http"])
def frontend(
    request: pytest.FixtureRequest, socket_frontend: FrontendProcess, http_frontend: FrontendProcess
) -> FrontendProcess:
    return socket_frontend if request.param == "socket" else http_frontend
