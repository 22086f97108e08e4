"""From settings to a bot that runs until it is told to stop."""

import asyncio
import logging
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.utils import MISSING

from bots.discord.settings import DiscordSettings
from bots.discord.texts import texts
from bots.process.heartbeat_file import heartbeat
from bots.texts.translation import translate
from studio.errors import ConfigurationError
from studio.ports import Ports

if TYPE_CHECKING:
    from bots.discord.bot import ChatelierBot

# Close codes of the gateway after which connecting again changes nothing.
_CLOSED_FOR_GOOD = {
    4004: texts.WRONG_TOKEN,
    4010: texts.WRONG_SHARDS,
    4011: texts.WRONG_SHARDS,
    4013: texts.NO_INTENTS,
}
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_GATEWAY_PAUSE_SECONDS = 5.0

log = logging.getLogger(__name__)


def run_bot(ports: Ports, settings: DiscordSettings, *, ready_file: Path | None = None) -> None:
    """Run the Discord front end until SIGINT or SIGTERM; `ready_file` is fresh while it is connected.

    Raises `ConfigurationError` for a token Discord does not take.
    """
    asyncio.run(_run(ports, settings, ready_file))


async def _run(ports: Ports, settings: DiscordSettings, ready_file: Path | None) -> None:
    from bots.discord.bot import ChatelierBot

    point_at(settings)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # it never speaks
    bot = ChatelierBot(ports, settings)
    name_gateway(bot, settings)
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    work = asyncio.create_task(_stay_connected(bot, settings))
    signalled = asyncio.create_task(stopping.wait())
    try:
        async with heartbeat(ready_file, bot.is_connected):
            await asyncio.wait({work, signalled}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        await bot.close()
        for task in (work, signalled):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _stay_connected(bot: "ChatelierBot", settings: DiscordSettings) -> None:
    """Log in, waiting while Discord is away, and stay connected; discord.py reconnects by itself."""
    await _log_in(bot, settings)
    while True:
        try:
            return await bot.connect()
        except discord.GatewayNotFound:
            log.warning("Discord gateway unavailable: retrying in %.0f s", _GATEWAY_PAUSE_SECONDS)
            await asyncio.sleep(_GATEWAY_PAUSE_SECONDS)
        except discord.PrivilegedIntentsRequired as error:
            raise ConfigurationError(translate(texts.NO_INTENTS)) from error
        except discord.ConnectionClosed as error:
            if sentence := _CLOSED_FOR_GOOD.get(error.code):
                raise ConfigurationError(translate(sentence)) from error
            raise


async def _log_in(bot: "ChatelierBot", settings: DiscordSettings) -> None:
    pause_seconds = _FIRST_PAUSE_SECONDS
    while True:
        try:
            await bot.login(settings.token)
        except discord.LoginFailure as error:
            raise ConfigurationError(translate(texts.WRONG_TOKEN)) from error
        except discord.HTTPException as error:
            if error.status < 500 and error.status != 429:
                raise ConfigurationError(translate(texts.NOT_DISCORD, status=error.status)) from error
            log.warning("Discord login failed: status=%s, retrying in %.0f s", error.status, pause_seconds)
        except (aiohttp.ClientError, OSError) as error:
            log.warning("Discord unreachable: %s, retrying in %.0f s", type(error).__name__, pause_seconds)
        else:
            return
        await bot.http.close()
        bot.http.connector = MISSING  # it was closed too, and the next session would be given it
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)


def point_at(settings: DiscordSettings) -> None:
    """Send every request to the configured API: a proxy, or a stand-in for tests."""
    Route.BASE = settings.api_url
    if settings.gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url)


def name_gateway(bot: "ChatelierBot", settings: DiscordSettings) -> None:
    """Without a number of shards the library asks Discord for it, and for the gateway: ours is configured."""
    if settings.gateway_url is None:
        return
    ask, gateway_url = bot.http.get_bot_gateway, settings.gateway_url

    async def get_bot_gateway() -> tuple[int, str, object]:
        shards, _, limits = await ask()
        return shards, gateway_url, limits

    bot.http.get_bot_gateway = get_bot_gateway  # type: ignore[method-assign, assignment]
