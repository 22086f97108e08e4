"""The Slack front end as a process of its own, with a loopback Slack, real Redis and a worker played by the test.

Both ways in tell the same story: Socket Mode with the token of one workspace, and signed requests over HTTP for
workspaces that install the app. One process of each serves all tests; before each test its instance is emptied.
"""

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from PIL import Image
from sqlalchemy import select

from chatelier.settings import load_settings
from chatelier.wiring.database import upgrade_database
from chatelier.wiring.ports import frontend_ports
from studio.db import outbox
from studio.db.tables import Base, JobRow
from studio.domain.events import JobEnded, JobProgress
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.requests import Operation
from studio.ports import Ports
from tests.conftest import RedisServer, free_port
from tests.support.fakes import close_ports
from tests.support.finished_jobs import end_job, paint_job
from tests.support.loopback_slack.payloads import signed
from tests.support.loopback_slack.records import (
    ANA,
    APP_TOKEN,
    BO,
    BOT_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    PATIENCE_SECONDS,
    SIGNING_SECRET,
    Message,
)
from tests.support.loopback_slack.server import LoopbackSlack

# slack_sdk still asks aiohttp in the old way.
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
]

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
            yield frontend
            assert await frontend.stop() == 0, frontend.log.read_text()[-3000:]
            said = frontend.log.read_text()
            assert "Traceback" not in said, said[-3000:]
            assert "a red fox" not in said
            assert BOT_TOKEN not in said
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


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 60, 40)).save(file, "PNG")
    return file.getvalue()


# ---- the whole story


async def test_from_a_command_to_a_picture_to_a_variation(frontend: FrontendProcess) -> None:
    slack = frontend.slack
    job_id, message = await frontend.imagine("a red fox --seed 7")
    assert "Next in line" in message.words

    async with asyncio.timeout(PATIENCE_SECONDS):
        while "of 8" not in message.words:  # a message rests two seconds between its steps
            await frontend.progress(job_id, 4)
            await asyncio.sleep(0.1)

    await frontend.paint(job_id)
    await slack.until(lambda: message.picture is not None)
    shown = [slack.files[each]["data"] for each in message.pictures]
    assert shown == [f"picture {job_id} {index}".encode() for index in range(1, 5)]

    await frontend.send(slack.press(message, f"c1:vary:{job_id}:2", user=BO))
    await slack.until(lambda: len(slack.messages) == 2)
    child = frontend.jobs()[-1]
    assert child.request["operation"] == Operation.VARY
    assert child.request["sources"][0]["picture_id"] == f"{job_id}.2"
    assert "by @Bo, from @Ana’s red fox" in slack.messages[-1].words
    assert slack.messages[-1].thread_ts == message.ts, "it is a reply"

    await frontend.paint(child.id)
    await slack.until(lambda: slack.messages[-1].picture is not None)
    assert len(slack.messages) == 2


async def test_a_modal_shows_what_is_wrong_and_then_paints(frontend: FrontendProcess) -> None:
    slack = frontend.slack
    job_id, message = await frontend.imagine("a red fox")
    await frontend.paint(job_id, png=picture())
    await slack.until(lambda: message.picture is not None)

    await frontend.send(slack.press(message, f"c1:edit:{job_id}:0"))
    await slack.until(
        lambda: any("slack_file" in block for view in slack.views.values() for block in view["blocks"])
    )
    view = next(iter(slack.views.values()))

    wrong, tries = slack.submission(view, {"region": ["B2", "B3"], "prompt": "y" * 1200}), count()
    while not (answer := await frontend.send(wrong, retry=next(tries))):
        continue  # what takes a busy machine longer than Slack waits is said to the person instead
    assert answer["response_action"] == "errors"
    assert "1,200 characters" in answer["errors"]["prompt"]
    assert len(frontend.jobs()) == 1

    answer = await frontend.send(
        slack.submission(view, {"region": ["B2", "B3"], "prompt": "a boat", "picture": f"{job_id}.3"})
    )
    assert not answer
    await slack.until(lambda: len(slack.messages) == 2)
    request = frontend.jobs()[-1].request
    assert (request["operation"], request["cells"]) == ("edit", ["B2", "B3"])
    assert request["sources"][0]["picture_id"] == f"{job_id}.3"


async def test_a_reaction_on_an_old_message_varies_that_tile(frontend: FrontendProcess) -> None:
    job_id, message = await frontend.imagine("a red fox")
    await frontend.paint(job_id)
    await frontend.slack.until(lambda: message.picture is not None)
    await frontend.send(frontend.slack.reaction(message, "three", user=BO))
    await frontend.slack.until(lambda: len(frontend.slack.messages) == 2)
    assert frontend.jobs()[-1].request["sources"][0]["picture_id"] == f"{job_id}.3"


async def test_what_slack_delivers_three_times_is_one_job(frontend: FrontendProcess) -> None:
    slack = frontend.slack
    mention, command = slack.mention("a red fox"), slack.command("/imagine", "a blue fox")
    for retry in range(3):
        await frontend.send(mention, retry=retry)
        await frontend.send(command, retry=retry)
    await slack.until(lambda: len(slack.messages) == 2)
    await asyncio.sleep(0.5)
    assert (len(frontend.jobs()), len(slack.messages)) == (2, 2)


async def test_thirty_members_at_once_are_all_heard_and_answered_once(frontend: FrontendProcess) -> None:
    slack = frontend.slack
    people = [f"U0MEMBER{number:02d}" for number in range(30)]
    await asyncio.gather(
        *(frontend.send(slack.command("/imagine", "a red fox", user=each)) for each in people)
    )
    await slack.until(lambda: len(slack.messages) == 30)
    assert {row.person["user_id"] for row in frontend.jobs()} == set(people)


# ---- trouble on the way


async def test_a_socket_that_is_refreshed_mid_job_changes_nothing(socket_frontend: FrontendProcess) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    job_id, message = await frontend.imagine("a red fox")
    await slack.refresh()
    await frontend.paint(job_id)
    await slack.until(lambda: message.picture is not None)
    await frontend.send(slack.reaction(message, "repeat"))
    await slack.until(lambda: len(slack.messages) == 2)


async def test_a_frontend_that_is_killed_gives_every_job_one_answer_after_its_restart(
    socket_frontend: FrontendProcess,
) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    jobs = [await frontend.imagine(f"a red fox, number {number}") for number in range(4)]
    await frontend.paint(jobs[0][0])
    await frontend.kill()
    for job_id, _ in jobs[1:3]:
        await frontend.paint(job_id)
    await frontend.fail(jobs[3][0])
    await frontend.start()
    await slack.until(lambda: all(message.picture for _, message in jobs[:3]))
    await slack.until(lambda: "could not be painted" in jobs[3][1].words)
    await asyncio.sleep(1)
    assert len(slack.messages) == 4


async def test_a_job_that_was_accepted_and_ended_while_the_frontend_was_away_is_shown_once(
    socket_frontend: FrontendProcess,
) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    slack.rate_limit("chat.postMessage", 30, times=20)
    await frontend.send(slack.command("/imagine", "a red fox"))
    await slack.until(lambda: len(frontend.jobs()) == 1)
    await slack.until(lambda: bool(slack.called("chat.postMessage")))
    await frontend.kill()
    slack.refusals.clear()
    await frontend.paint(frontend.jobs()[0].id)
    await frontend.start()
    await slack.until(lambda: bool(slack.messages) and slack.messages[0].picture is not None)
    await asyncio.sleep(1)
    assert len(slack.messages) == 1


async def test_killed_between_slacks_yes_and_our_record_it_finds_its_message_again(
    socket_frontend: FrontendProcess,
) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    slack.silent.add("chat.postMessage")  # takes the message, and its answer is never heard
    await frontend.send(slack.command("/imagine", "a red fox"))
    await slack.until(lambda: len(slack.messages) == 1)
    await frontend.kill()
    slack.silent.clear()
    await frontend.paint(frontend.jobs()[0].id)
    await frontend.start()
    await slack.until(lambda: slack.messages[0].picture is not None)
    assert len(slack.messages) == 1
    assert len(slack.called("chat.postMessage")) == 1


async def test_a_storm_of_429s_delays_answers_and_loses_none(socket_frontend: FrontendProcess) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    slack.rate_limit("chat.postMessage", 1, times=2)
    slack.rate_limit("chat.update", 1, times=3)
    slack.rate_limit("files.getUploadURLExternal", 1, times=2)
    for number in range(4):
        await frontend.send(slack.command("/imagine", f"a red fox, number {number}"))
    await slack.until(lambda: len(slack.messages) == 4)
    for row in frontend.jobs():
        await frontend.paint(row.id)
    await slack.until(lambda: all(message.picture for message in slack.messages))
    for method in ("chat.postMessage", "chat.update"):
        times = [at for at, name, _ in slack.calls if name == method]
        assert len(times) < 40
    assert len(slack.messages) == 4


async def test_no_request_is_made_while_slack_asks_for_a_pause(socket_frontend: FrontendProcess) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    slack.rate_limit("chat.postMessage", 2)
    await frontend.imagine("a red fox")
    first, second = [at for at, name, _ in slack.calls if name == "chat.postMessage"]
    assert second - first >= 2


async def test_while_redis_is_away_a_job_is_accepted_and_shown(
    socket_frontend: FrontendProcess, redis_process: RedisServer
) -> None:
    frontend = socket_frontend
    redis_process.kill()
    try:
        job_id, message = await frontend.imagine("a red fox")
        assert "a red fox" in message.words
    finally:
        redis_process.start()
    await frontend.paint(job_id)
    await frontend.slack.until(lambda: message.picture is not None)


# ---- forged and damaged requests


async def test_only_slacks_own_fresh_requests_are_followed(http_frontend: FrontendProcess) -> None:
    frontend, slack = http_frontend, http_frontend.slack
    command = slack.command("/imagine", "a red fox")
    body, headers = signed(command, kind="slash_commands")
    forged = [
        (body, headers | {"X-Slack-Signature": "v0=" + "0" * 64}),
        (body.replace(b"red", b"bad"), headers),
        (body, {name: value for name, value in headers.items() if name != "X-Slack-Signature"}),
        (body, headers | {"X-Slack-Request-Timestamp": "soon"}),
        signed(command, kind="slash_commands", secret="6" * 32),
        signed(command, kind="slash_commands", at=time.time() - 6 * 60),
        signed(command, kind="slash_commands", at=time.time() + 6 * 60),
        (b"\xff\xfe", headers),
    ]
    for wrong_body, wrong_headers in forged:
        assert (await frontend.post(wrong_body, wrong_headers))[0] == 401
    assert (await frontend.post(b"x" * (2 * 1024 * 1024), headers))[0] == 413
    assert frontend.jobs() == []
    assert (await frontend.post(body, headers))[0] == 200
    assert (await frontend.post(body, headers))[0] == 401, "a replay"
    await slack.until(lambda: len(slack.messages) == 1)
    assert len(frontend.jobs()) == 1


async def test_slack_may_verify_the_address(http_frontend: FrontendProcess) -> None:
    challenge = {
        "type": "url_verification",
        "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    }
    status, answer = await http_frontend.post(*signed(challenge, kind="events_api"))
    assert (status, answer) == (200, {"challenge": challenge["challenge"]})


async def test_an_event_that_means_nothing_here_is_taken(http_frontend: FrontendProcess) -> None:
    await http_frontend.send(http_frontend.slack.event({"type": "team_join", "user": {"id": "U0NEW"}}))


# ---- wrong tokens


async def test_a_wrong_token_is_one_sentence_and_the_end(
    socket_frontend: FrontendProcess, tmp_path: Path
) -> None:
    second = replace(socket_frontend, home=tmp_path / "home", process=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATELIER_HOME", str(second.home))
        upgrade_database(load_settings())
    process = await second.launch(CHATELIER_SLACK__BOT_TOKEN="xoxb-something-else")
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.wait() == 1
    said = second.log.read_text()
    assert "Slack does not accept the bot token" in said
    assert "Traceback" not in said
    assert "xoxb-something-else" not in said
