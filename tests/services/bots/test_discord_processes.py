"""The bot's program: several processes, the real policy, and tokens that are wrong or missing."""

import asyncio
import sys
from pathlib import Path

import pytest

from chatelier.benchmarks.loopback.discord_payloads import CHANNEL, GUILD, OTHER_CHANNEL, OTHER_GUILD
from studio.ports import Ports
from tests.conftest import RedisServer
from tests.support import discord_service
from tests.support.discord_service import PATIENCE_SECONDS, RUN, BotProcess, Instance, environment, png
from tests.support.loaded_libraries import heavy_libraries
from tests.support.loopback_discord.server import open_discord

folder = discord_service.folder
ports = discord_service.ports
running = discord_service.running
instance = discord_service.instance


pytestmark = pytest.mark.asyncio(loop_scope="module")

RUN_WITH_POLICY = (sys.executable, "-m", "chatelier", "run", "discord")


async def alone(running: Instance) -> Ports:
    """The empty instance, without the bot that serves the other tests."""
    await running.bot.kill()
    running.empty()
    return running.ports


async def test_three_processes_share_the_servers_and_each_job_has_one_answer_though_one_is_killed(
    running: Instance, redis_process: RedisServer, folder: Path, tmp_path: Path
) -> None:
    ports = await alone(running)
    async with open_discord() as (discord, url):
        discord.gateway.expected_shards = 3
        bots = [
            BotProcess(
                environment=environment(
                    url,
                    ports,
                    redis_process.url,
                    folder,
                    CHATELIER_DISCORD__SHARD_COUNT="3",
                    CHATELIER_DISCORD__SHARD_IDS=f"[{shard}]",
                ),
                log=tmp_path / f"bot-{shard}.log",
                discord=discord,
            )
            for shard in range(3)
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
            await bots[discord.gateway.shard_of(OTHER_GUILD)].kill()  # the others deliver for it
            for job in jobs:
                instance.paint(job.id, png())

            def all_shown() -> bool:
                return all(request.message and "seed" in request.message.words for request in asked)

            await instance.until(all_shown, "not every picture is shown")
            assert len(discord.seen(CHANNEL)) == len(discord.seen(OTHER_CHANNEL)) == 5
        finally:
            await asyncio.gather(*(bot.stop() for bot in bots))


@pytest.mark.thorough
async def test_with_the_policy_it_serves_and_loads_no_heavy_library(
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
            assert heavy_libraries(bot.process.pid) == set()
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
