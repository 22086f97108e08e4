"""The bot as a process of its own, against a Discord on the loopback interface, over real sockets.

One process serves all tests that leave it alone; before each test its instance is emptied.
"""

import asyncio
import base64
import io
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from PIL import Image

from chatelier.runtime import db_schema
from engine.imaging.image_tools import PillowImageTools
from engine.queue.redis_events import RedisEvents
from engine.storage import open_store
from studio.commands.submission.job_creation import open_hold
from studio.db import outbox, queries
from studio.db.database import Database
from studio.db.tables import Base, DeliveryRow, JobRow
from studio.domain.events import JobEnded, JobProgress
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.verdicts import Ruling, Verdict
from studio.ports import Ports
from tests.conftest import RedisServer
from tests.support.fakes import FakeCaseService, FakeExaminer, FakeGate, FakeOptions, FakeQueue
from tests.support.finished_jobs import end_job, paint_job
from tests.support.loopback_discord.payloads import CHANNEL, GUILD, OTHER_CHANNEL, OTHER_GUILD, TOKEN
from tests.support.loopback_discord.records import Fault, Message, too_many_requests
from tests.support.loopback_discord.server import LoopbackDiscord, open_discord

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE_SECONDS = 300.0  # bounds a hang; how fast an answer was is printed
JOBS_FOR_MEMORY = int(os.environ.get("DISCORD_JOBS", "100"))
RUN = (sys.executable, "-m", "tests.support.discord_process", "run", "discord")
RUN_WITH_POLICY = (sys.executable, "-m", "chatelier", "run", "discord")


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
    said = bot.text()[said_before:]
    assert "Traceback" not in said, said[-4000:]
    assert TOKEN not in said
    if discord.contract is not None:
        assert discord.contract.problems == []


def png(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return file.getvalue()


# ---- one job


async def test_imagine_from_the_command_to_the_picture(instance: Instance) -> None:
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    await asyncio.wait_for(asked.answered.wait(), PATIENCE_SECONDS)
    (job,) = await instance.job_count(1)
    message = asked.message
    assert message is not None
    await instance.until(lambda: "Next in line" in message.words, "no place in the queue is shown")
    preview = "data:image/png;base64," + base64.b64encode(png()).decode()

    def shown() -> bool:
        instance.ports.events.announce(
            JobProgress(job_id=job.id, platform=Platform.DISCORD, step=4, steps=8, preview=preview)
        )
        return "50%" in message.words

    await instance.until(shown, "no progress is shown")
    assert message.attachments[0].data == png()
    instance.paint(job.id, png("blue"))
    await instance.until(lambda: "seed" in message.words, "the picture is not shown")
    assert [each.data for each in message.attachments] == [png("blue")]
    assert '"description": "a red fox"' in json.dumps(message.components)
    assert instance.discord.seen() == [message]
    assert all(map(_silent, instance.discord.mentions))


def _silent(allowed_mentions: object) -> bool:
    """No mention is allowed to ping anybody."""
    return isinstance(allowed_mentions, dict) and not any(
        allowed_mentions.get(kind) for kind in ("parse", "users", "roles", "replied_user")
    )


async def test_a_button_a_form_and_a_reaction_each_start_a_job(instance: Instance) -> None:
    await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    (message,) = instance.finished()
    await instance.discord.click("8", message, f"c1:vary:{job.id}:1")
    await instance.job_count(2)
    form = await instance.discord.click("8", message, f"c1:remix:{job.id}:1")
    await asyncio.wait_for(form.answered.wait(), PATIENCE_SECONDS)
    await instance.discord.submit("8", form, prompt="a blue fox")
    await instance.job_count(3)
    await instance.discord.react("9", message, "🔁")
    jobs = await instance.job_count(4)
    assert [each.command for each in jobs] == ["imagine", "vary", "remix", "reroll"]
    await instance.until(lambda: len(instance.discord.seen()) == 4, "not every job has its message")
    for each in jobs[1:]:
        instance.end(each.id, JobState.CANCELLED)
    await instance.until(
        lambda: sum("Cancelled" in each.words for each in instance.discord.seen()) == 3, "an end is missing"
    )


async def test_a_case_is_one_message_on_the_desk_until_it_is_decided(instance: Instance) -> None:
    await instance.discord.slash("1", "community", setting="desk", value=f"<#{CHANNEL}>")
    await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    instance.hold(job.id)
    await instance.until(lambda: len(instance.cases()) == 1, "the case is not shown")
    (message,) = instance.cases()
    assert "Held for a moderator" in message.words
    (approve,) = [each for each in message.custom_ids if each.startswith("c1:approve:")]
    await instance.discord.click("7", message, approve)  # it is none of their business
    await instance.discord.click("1", message, approve)
    await instance.until(lambda: not message.custom_ids, "the decision is not shown")
    await instance.until(lambda: instance.jobs()[0].state == JobState.QUEUED, "the job does not go on")
    assert instance.cases() == [message]


# ---- many at once


async def test_fifty_members_at_once_are_acknowledged_and_served(instance: Instance) -> None:
    members = [str(100 + number) for number in range(50)]
    asked = await asyncio.gather(
        *(instance.discord.slash(member, "imagine", prompt=f"fox {member}", count=1) for member in members)
    )
    await asyncio.wait_for(asyncio.gather(*(each.answered.wait() for each in asked)), PATIENCE_SECONDS)
    slowest = max(each.acknowledgement_seconds for each in asked)
    print(f"slowest of 50 acknowledgements: {slowest * 1000:.0f} ms")
    jobs = await instance.job_count(50)
    assert len(jobs) == 50
    for job in jobs:
        instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 50, "not every picture is shown")
    assert len(instance.discord.seen()) == 50


# ---- deaths


async def test_a_bot_killed_in_mid_job_gives_one_answer_after_its_restart(instance: Instance) -> None:
    asked = [
        await instance.discord.slash(str(each), "imagine", prompt="a red fox", count=1)
        for each in range(7, 12)
    ]
    jobs = await instance.job_count(5)
    await instance.bot.kill()
    for job in jobs:
        instance.paint(job.id, png())
    await instance.bot.start()
    await instance.until(lambda: len(instance.finished()) == 5, "not every picture is shown")
    assert {message.id for message in instance.discord.seen()} == {
        each.message.id for each in asked if each.message
    }


async def test_a_bot_killed_between_click_and_answer_makes_no_second_message(instance: Instance) -> None:
    for round_ in range(3):
        asked = await instance.discord.slash("7", "imagine", prompt=f"fox {round_}", count=1)
        await asyncio.wait_for(asked.answered.wait(), PATIENCE_SECONDS)
        await instance.bot.kill()  # anywhere between acknowledgement, row and message
        await instance.bot.start()
    for job in instance.jobs():
        instance.paint(job.id, png())
    await instance.until(
        lambda: len(instance.finished()) == len(instance.jobs()), "not every picture is shown"
    )
    await instance.until(lambda: instance.deliveries() == len(instance.jobs()), "not every answer was noted")


# ---- troubles of Discord's


async def test_a_storm_of_429_and_502_delays_and_loses_nothing(instance: Instance) -> None:
    instance.discord.faults += [
        too_many_requests("POST", "/interactions/*", times=3),
        too_many_requests("PATCH", "/webhooks/*", times=4),
        too_many_requests("PATCH", "/webhooks/*", times=1, scope="global"),
        too_many_requests("PATCH", "/webhooks/*", times=1, scope="shared"),
        Fault(method="PATCH", path="/webhooks/*", status=502, times=2),
    ]
    await asyncio.gather(
        *(instance.discord.slash(str(each), "imagine", prompt="fox", count=1) for each in range(7, 12))
    )
    for job in await instance.job_count(5):
        instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 5, "not every picture is shown")
    assert len(instance.discord.seen()) == 5


async def test_an_acknowledgement_whose_answer_was_lost_is_still_one_answer(instance: Instance) -> None:
    instance.discord.lost_answers = 1
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    assert instance.discord.seen() == [asked.message]


async def test_an_acknowledging_message_that_is_not_named_is_asked_for(instance: Instance) -> None:
    instance.discord.names_messages = False
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    assert instance.discord.seen() == [asked.message]


async def test_an_expired_token_is_answered_as_the_bot(instance: Instance) -> None:
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    await instance.until(
        lambda: "Next in line" in asked.message.words if asked.message else False, "no placeholder"
    )
    asked.expired = True
    instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    assert instance.finished() == [asked.message]
    assert any(
        method == "PATCH" and path.startswith("/channels/") for method, path in instance.discord.requests
    )


async def test_a_channel_deleted_meanwhile_ends_quietly(instance: Instance) -> None:
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    await instance.until(
        lambda: "Next in line" in asked.message.words if asked.message else False, "no placeholder"
    )
    instance.discord.deleted_channels.add(asked.channel)
    instance.paint(job.id, png())

    def noted() -> bool:
        with instance.ports.database.read() as session:
            row = session.get(DeliveryRow, ("job", job.id))
            return row is not None and row.final

    await instance.until(noted, "the end was not noted")


async def test_a_connection_that_breaks_is_resumed_and_nothing_is_missed(instance: Instance) -> None:
    await instance.discord.gateway.drop()
    await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)  # while nobody listens
    (job,) = await instance.job_count(1)
    assert instance.discord.gateway.resumed == 1
    assert instance.discord.gateway.identified == 0, "no new session was begun"
    instance.end(job.id, JobState.CANCELLED)
    await instance.until(lambda: any("Cancelled" in each.words for each in instance.discord.seen()), "no end")


async def test_commands_are_registered_once_for_all_starts(instance: Instance) -> None:
    await instance.bot.stop()
    await instance.bot.start()
    assert instance.discord.registrations == 1


async def test_a_session_that_discord_forgot_is_begun_anew(instance: Instance) -> None:
    instance.discord.gateway.forgetful = True
    await instance.discord.gateway.drop()
    await instance.until(lambda: instance.discord.gateway.identified == 1, "no new session")
    await instance.until(instance.discord.gateway.connected.is_set, "not connected again")
    await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    await instance.job_count(1)


async def test_a_result_of_eleven_mebibytes_is_made_to_fit(instance: Instance) -> None:
    await instance.discord.slash("7", "imagine", prompt="noise", count=1)
    (job,) = await instance.job_count(1)
    file = io.BytesIO()
    noise = [Image.effect_noise((2000, 2000), 120) for _ in range(3)]
    Image.merge("RGB", noise).save(file, "PNG", compress_level=0)
    assert len(file.getvalue()) > 11 * 2**20
    instance.paint(job.id, file.getvalue())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    (attachment,) = instance.finished()[0].attachments
    assert len(attachment.data) <= 10 * 2**20
    assert max(Image.open(io.BytesIO(attachment.data)).size) >= 1000


# ---- failures of the instance


async def test_while_redis_is_away_requests_are_kept_and_answered_afterwards(
    instance: Instance, redis_process: RedisServer
) -> None:
    redis_process.stop()
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    await asyncio.wait_for(asked.answered.wait(), PATIENCE_SECONDS)
    (job,) = await instance.job_count(1)
    await instance.until(
        lambda: bool(asked.message and "Next in line" in asked.message.words), "no placeholder"
    )
    redis_process.start()
    instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    assert instance.discord.seen() == instance.finished()


# ---- the program


async def test_the_bot_says_that_it_is_well_and_stops_in_good_order(instance: Instance) -> None:
    ready_file = instance.bot.log.with_name("ready")
    await instance.until(ready_file.exists, "no file says that it is well")
    assert instance.bot.process is not None
    assert ready_file.read_text() == str(instance.bot.process.pid)
    assert await instance.bot.stop() == 0
    assert not ready_file.exists()


async def test_the_bot_needs_little_memory_after_many_jobs(instance: Instance) -> None:
    await instance.bot.kill()
    await instance.bot.start()
    assert instance.bot.process is not None
    bot = psutil.Process(instance.bot.process.pid)
    at_start_bytes = bot.memory_info().rss
    for round_ in range(JOBS_FOR_MEMORY // 50):
        members = [str(100 + number) for number in range(50)]
        await asyncio.gather(
            *(instance.discord.slash(each, "imagine", prompt="a red fox", count=1) for each in members)
        )
        for job in (await instance.job_count(50 * (round_ + 1)))[-50:]:
            instance.paint(job.id, png())
        await instance.until(
            lambda done=50 * (round_ + 1): len(instance.finished()) == done, "a picture is missing"
        )
    at_end_bytes = bot.memory_info().rss
    print(
        f"resident: {at_start_bytes / 2**20:.0f} MiB at start, {at_end_bytes / 2**20:.0f} MiB after all jobs"
    )
    assert at_end_bytes < 200 * 2**20


# ---- other processes


async def alone(running: Instance) -> Ports:
    """The empty instance, without the bot that serves the other tests."""
    await running.bot.kill()
    running.empty()
    return running.ports


async def test_two_processes_share_the_servers_and_each_job_has_one_answer(
    running: Instance, redis_process: RedisServer, folder: Path, tmp_path: Path
) -> None:
    ports = await alone(running)
    async with open_discord() as (discord, url):
        discord.gateway.expected_shards = 2
        bots = [
            BotProcess(
                environment=environment(
                    url,
                    ports,
                    redis_process.url,
                    folder,
                    CHATELIER_DISCORD__SHARD_COUNT="2",
                    CHATELIER_DISCORD__SHARD_IDS=f"[{shard}]",
                ),
                log=tmp_path / f"bot-{shard}.log",
                discord=discord,
            )
            for shard in range(2)
        ]
        instance = Instance(discord=discord, bot=bots[0], ports=ports)
        try:
            await asyncio.gather(*(bot.start() for bot in bots))
            asked = [
                await discord.slash(str(7 + number), "imagine", guild=guild, prompt="a red fox", count=1)
                for number, guild in enumerate([GUILD, OTHER_GUILD] * 5)
            ]
            jobs = await instance.job_count(10)
            assert {job.community for job in jobs} == {GUILD, OTHER_GUILD}
            await bots[1].kill()  # the other one delivers for it
            for job in jobs:
                instance.paint(job.id, png())

            def all_shown() -> bool:
                return all(each.message and "seed" in each.message.words for each in asked)

            await instance.until(all_shown, "not every picture is shown")
            assert len(discord.seen(CHANNEL)) == len(discord.seen(OTHER_CHANNEL)) == 5
        finally:
            await asyncio.gather(*(bot.stop() for bot in bots))


async def test_with_the_policy_it_serves_and_keeps_within_its_memory(
    running: Instance, redis_process: RedisServer, folder: Path, tmp_path: Path
) -> None:
    ports = await alone(running)
    async with open_discord() as (discord, url):
        bot = BotProcess(
            environment=environment(url, ports, redis_process.url, folder),
            log=tmp_path / "bot.log",
            discord=discord,
            program=RUN_WITH_POLICY,
        )
        try:
            await bot.start()
            instance = Instance(discord=discord, bot=bot, ports=ports)
            await discord.slash("7", "imagine", prompt="a red fox", count=1)
            (job,) = await instance.job_count(1)
            instance.paint(job.id, png())
            await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
            assert bot.process is not None
            resident_bytes = psutil.Process(bot.process.pid).memory_info().rss
            print(f"resident with the rules: {resident_bytes / 2**20:.0f} MiB")
            assert resident_bytes < 350 * 2**20
        finally:
            await bot.stop()


async def test_a_wrong_token_is_one_sentence_and_no_storm(
    ports: Ports, redis_process: RedisServer, tmp_path: Path
) -> None:
    async with open_discord() as (discord, url):
        settings = environment(
            url, ports, redis_process.url, tmp_path, CHATELIER_DISCORD__TOKEN="MQ.wrong.token"
        )
        process = await asyncio.create_subprocess_exec(*RUN, env=settings, stderr=asyncio.subprocess.PIPE)
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    text = errors.decode()
    assert process.returncode == 1
    assert "does not accept the bot's token" in text
    assert "Traceback" not in text
    assert "MQ.wrong.token" not in text
    assert discord.requests == [("GET", "/users/@me")]


async def test_without_a_token_the_program_says_where_to_put_one(
    ports: Ports, redis_process: RedisServer, tmp_path: Path
) -> None:
    settings = environment("http://127.0.0.1:9", ports, redis_process.url, tmp_path)
    del settings["CHATELIER_DISCORD__TOKEN"]
    process = await asyncio.create_subprocess_exec(*RUN, env=settings, stderr=asyncio.subprocess.PIPE)
    _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 1
    assert "CHATELIER_DISCORD__TOKEN is not set" in errors.decode()
