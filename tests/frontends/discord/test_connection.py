"""The connection to Discord: what is registered there, refusals and retries."""

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import discord
import pytest
from aiohttp import web
from discord.http import Route

from bots.discord.bot import ChatelierBot
from bots.discord.run import _stay_connected
from studio.errors import ConfigurationError
from studio.ports import Ports
from tests.support import discord_sim
from tests.support.discord_sim import Room, settings_for

room = discord_sim.room


async def test_one_menu_too_many_for_discord_is_left_out(room: Room) -> None:
    (room.settings.home / "run" / "discord-commands").write_text("another version's")
    room.env.inject_error("PUT", "/applications/*/commands", status=400, code=30032)
    await room.restart()
    menus = room.bot.tree.get_commands(type=discord.AppCommandType.message)
    left = {"Vary", "Edit", "Expand", "Upscale", "Use as reference", "Add to blend", "Who made this?"}
    assert {menu.name for menu in menus} == left


async def test_commands_that_discord_does_not_take_leave_the_rest_working(room: Room) -> None:
    stored = room.settings.home / "run" / "discord-commands"
    stored.write_text("another version's")
    room.env.inject_error("PUT", "/applications/*/commands", status=400, code=50035)
    await room.restart()
    assert stored.read_text() == "another version's", "the next start tries again"
    await room.imagine()


@pytest.mark.parametrize(("code", "says"), [(4004, "token"), (4010, "SHARD_COUNT"), (4013, "intents")])
async def test_a_connection_that_discord_refuses_for_good_is_a_sentence(
    room: Room, code: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> None:
        raise discord.ConnectionClosed(cast("Any", SimpleNamespace(close_code=code)), shard_id=0)

    monkeypatch.setattr(room.bot, "login", AsyncMock())
    monkeypatch.setattr(room.bot, "connect", refuse)
    with pytest.raises(ConfigurationError, match=says):
        await _stay_connected(room.bot, room.settings)


async def test_while_discord_cannot_be_reached_the_bot_tries_again(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)

    with socket.socket() as taken:  # an address at which nobody listens yet
        taken.bind(("127.0.0.1", 0))
        host, port = taken.getsockname()
    monkeypatch.setattr("bots.discord.run._FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(Route, "BASE", f"http://{host}:{port}/api")
    settings = settings_for(tmp_path)
    bot = ChatelierBot(ports, settings)
    runner = web.ServerRunner(web.Server(refuse))
    await runner.setup()
    log_in, tries = bot.login, 0

    async def count(token: str) -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            await web.TCPSite(runner, host, port).start()
        await log_in(token)

    monkeypatch.setattr(bot, "login", count)
    try:
        with pytest.raises(ConfigurationError, match="does not accept the bot's token"):
            await _stay_connected(bot, settings)
    finally:
        await runner.cleanup()
        await bot.http.close()
        bot.pools.close()
    assert tries == 3
