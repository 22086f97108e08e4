"""The bot as a process of its own, against a Discord on the loopback interface, over real sockets."""

import asyncio
import base64
import json
import os
import time

import psutil
import pytest

from chatelier.benchmarks.loopback.discord_payloads import CHANNEL
from studio.domain.events import JobProgress
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from tests.conftest import RedisServer
from tests.support import discord_service
from tests.support.discord_service import PATIENCE_SECONDS, Instance, png
from tests.support.loopback_discord.records import Message
from tests.support.votes_at_once import VOTERS, ballot_count, print_figures

folder = discord_service.folder
ports = discord_service.ports
running = discord_service.running
instance = discord_service.instance


pytestmark = pytest.mark.asyncio(loop_scope="module")

JOBS_FOR_MEMORY = int(os.environ.get("DISCORD_JOBS", "100"))


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
    assert [attachment.data for attachment in message.attachments] == [png("blue")]
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
    assert [job.command for job in jobs] == ["imagine", "vary", "remix", "reroll"]
    await instance.until(lambda: len(instance.discord.seen()) == 4, "not every job has its message")
    for later_job in jobs[1:]:
        instance.end(later_job.id, JobState.CANCELLED)
    await instance.until(
        lambda: sum("Cancelled" in message.words for message in instance.discord.seen()) == 3,
        "an end is missing",
    )


async def test_a_case_is_one_message_on_the_desk_until_it_is_decided(instance: Instance) -> None:
    await instance.discord.slash("1", "community", setting="desk", value=f"<#{CHANNEL}>")
    await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    instance.hold(job.id)
    await instance.until(lambda: len(instance.cases()) == 1, "the case is not shown")
    (message,) = instance.cases()
    assert "Held for a moderator" in message.words
    (approve,) = [custom_id for custom_id in message.custom_ids if custom_id.startswith("c1:approve:")]
    await instance.discord.click("7", message, approve)  # it is none of their business
    await instance.discord.click("1", message, approve)
    await instance.until(lambda: not message.custom_ids, "the decision is not shown")
    await instance.until(lambda: instance.jobs()[0].state == JobState.QUEUED, "the job does not go on")
    assert instance.cases() == [message]


async def test_fifty_members_at_once_are_acknowledged_and_served(instance: Instance) -> None:
    members = [str(100 + number) for number in range(50)]
    asked = await asyncio.gather(
        *(instance.discord.slash(member, "imagine", prompt=f"fox {member}", count=1) for member in members)
    )
    await asyncio.wait_for(asyncio.gather(*(request.answered.wait() for request in asked)), PATIENCE_SECONDS)
    slowest = max(request.acknowledgement_seconds for request in asked)
    print(f"slowest of 50 acknowledgements: {slowest * 1000:.0f} ms")
    jobs = await instance.job_count(50)
    assert len(jobs) == 50
    for job in jobs:
        instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 50, "not every picture is shown")
    assert len(instance.discord.seen()) == 50


async def test_votes_that_come_at_once_are_acknowledged_and_all_counted(instance: Instance) -> None:
    await instance.discord.slash("7", "imagine", prompt="a red fox", count=2)
    (job,) = await instance.job_count(1)
    instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 1, "the pictures are not shown")
    await instance.discord.slash("7", "pick", job=job.id, lasts="1h")
    await instance.until(lambda: _vote_button(instance) is not None, "the vote is not shown")
    found = _vote_button(instance)
    assert found is not None
    began_at = time.monotonic()
    pressed = await asyncio.gather(
        *(instance.discord.click(str(200 + number), *found) for number in range(VOTERS))
    )
    await instance.until(lambda: ballot_count(instance.ports) == VOTERS, "not every vote is counted")
    await asyncio.wait_for(asyncio.gather(*(press.answered.wait() for press in pressed)), PATIENCE_SECONDS)
    print_figures([press.acknowledgement_seconds for press in pressed], began_at)


def _vote_button(instance: Instance) -> tuple[Message, str] | None:
    buttons = [(message, name) for message in instance.discord.seen() for name in message.custom_ids]
    return next((found for found in buttons if ":vote:" in found[1]), None)


@pytest.mark.thorough
async def test_a_bot_killed_in_mid_job_gives_one_answer_after_its_restart(instance: Instance) -> None:
    asked = [
        await instance.discord.slash(str(number), "imagine", prompt="a red fox", count=1)
        for number in range(7, 12)
    ]
    jobs = await instance.job_count(5)
    await instance.bot.kill()
    for job in jobs:
        instance.paint(job.id, png())
    await instance.bot.start()
    await instance.until(lambda: len(instance.finished()) == 5, "not every picture is shown")
    assert {message.id for message in instance.discord.seen()} == {
        request.message.id for request in asked if request.message
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


async def test_the_bot_says_that_it_is_well_and_stops_in_good_order(instance: Instance) -> None:
    ready_file = instance.bot.log.with_name("ready")
    await instance.until(ready_file.exists, "no file says that it is well")
    assert instance.bot.process is not None
    assert ready_file.read_text() == str(instance.bot.process.pid)
    assert await instance.bot.stop() == 0
    assert not ready_file.exists()


@pytest.mark.thorough
async def test_the_bot_needs_little_memory_after_many_jobs(instance: Instance) -> None:
    await instance.bot.kill()
    await instance.bot.start()
    assert instance.bot.process is not None
    bot = psutil.Process(instance.bot.process.pid)
    at_start_bytes = bot.memory_info().rss
    for round_ in range(JOBS_FOR_MEMORY // 50):
        members = [str(100 + number) for number in range(50)]
        await asyncio.gather(
            *(instance.discord.slash(member, "imagine", prompt="a red fox", count=1) for member in members)
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
    assert at_end_bytes - at_start_bytes < 64 * 2**20
