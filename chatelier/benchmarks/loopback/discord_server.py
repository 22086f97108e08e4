"""A Discord that only counts: it takes every request of a bot and reports when people see an answer."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from chatelier.benchmarks.loopback import discord_payloads as payloads
from chatelier.benchmarks.loopback.discord_gateway import Gateway
from chatelier.benchmarks.loopback.platform import (
    Listener,
    json_answer,
    listen,
    number_of,
    prompt_of,
    read_request,
    report_message,
)

_DEFERRED = 5
_FIRST_MEMBER = 100


@dataclass(kw_only=True)
class _Interaction:
    id: str
    token: str
    guild: str
    channel: str
    user: str
    number: int
    message: str = field(default_factory=payloads.snowflake)


class DiscordServer:
    """`gateway.connected` is set when the bot is there. Requests are forgotten when they have ended."""

    name = "discord"

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._port = 0
        self._commands: list[dict[str, Any]] = []
        self._interactions: dict[str, _Interaction] = {}  # by token
        self._numbers: dict[str, int] = {}  # by message
        self.gateway = Gateway(
            payloads.TOKEN,
            lambda: payloads.ready_data(self._gateway_url),
            lambda: [payloads.guild_data(guild) for guild in payloads.CHANNELS],
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator["DiscordServer"]:
        """Over REST and the gateway, on the loopback interface."""
        async with listen(self._routes()) as self._port:
            yield self

    def environment(self) -> dict[str, str]:
        """The settings with which a bot connects to it."""
        return {
            "CHATELIER_DISCORD__TOKEN": payloads.TOKEN,
            "CHATELIER_DISCORD__API_URL": f"http://127.0.0.1:{self._port}/api/v10",
            "CHATELIER_DISCORD__GATEWAY_URL": self._gateway_url,
        }

    @property
    def _gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/gateway"

    async def ask(self, person: int, number: int) -> None:
        """A member types /imagine."""
        command = next(command for command in self._commands if command["name"] == "imagine")
        interaction = _Interaction(
            id=payloads.snowflake(),
            token=f"aW50ZXJhY3Rpb24.{payloads.snowflake()}",
            guild=payloads.GUILD,
            channel=payloads.CHANNEL,
            user=str(_FIRST_MEMBER + person),
            number=number,
        )
        self._interactions[interaction.token] = interaction
        data = payloads.slash_data(command, {"prompt": prompt_of(number), "count": 1})
        await self.gateway.dispatch(
            "INTERACTION_CREATE",
            payloads.interaction_data(interaction, 2, data),
            guild_id=interaction.guild,
        )

    def _routes(self) -> list[web.RouteDef]:
        api, by_token = "/api/v10", "/api/v10/webhooks/{app}/{token}"
        return [
            web.get("/gateway", self.gateway.serve),
            web.get(f"{api}/users/@me", self._me),
            web.get(f"{api}/oauth2/applications/@me", self._application),
            web.get(f"{api}/gateway/bot", self._gateway_bot),
            web.put(f"{api}/applications/{{id}}/commands", self._register),
            web.post(f"{api}/interactions/{{id}}/{{token}}/callback", self._callback),
            web.post(by_token, self._change_by_token),
            web.patch(f"{by_token}/messages/{{message}}", self._change_by_token),
            web.post(f"{api}/channels/{{channel}}/messages", self._create),
            web.patch(f"{api}/channels/{{channel}}/messages/{{message}}", self._change),
        ]

    async def _me(self, _request: web.Request) -> web.Response:
        return json_answer(payloads.bot_user_data())

    async def _application(self, _request: web.Request) -> web.Response:
        return json_answer(payloads.application_data())

    async def _gateway_bot(self, _request: web.Request) -> web.Response:
        return json_answer(payloads.gateway_bot_data(self._gateway_url))

    async def _register(self, request: web.Request) -> web.Response:
        self._commands = [payloads.command_data(command) for command in await request.json()]
        return json_answer(self._commands)

    async def _callback(self, request: web.Request) -> web.Response:
        interaction = self._interactions.get(request.match_info["token"])
        if interaction is None:
            return json_answer({"code": 10062, "message": "Unknown interaction"}, status=404)
        self._listener.acknowledge(interaction.number)
        text, files = await read_request(request)
        kind = json.loads(text)["type"]
        self._numbers[interaction.message] = interaction.number
        if kind != _DEFERRED:
            self._report(interaction.number, text, files)
        response = {
            "id": interaction.id,
            "type": 2,
            "response_message_id": interaction.message,
            "response_message_loading": kind == _DEFERRED,
            "response_message_ephemeral": False,
        }
        return json_answer({"interaction": response})

    async def _change_by_token(self, request: web.Request) -> web.Response:
        interaction = self._interactions.get(request.match_info["token"])
        if interaction is None:
            return json_answer({"code": 10015, "message": "Unknown Webhook"}, status=404)
        text, files = await read_request(request)
        self._report(interaction.number, text, files)
        return self._message(interaction.message, interaction.channel, files)

    async def _create(self, request: web.Request) -> web.Response:
        text, files = await read_request(request)
        message, number = payloads.snowflake(), number_of(text)
        if number is not None:
            self._numbers[message] = number
            self._report(number, text, files)
        return self._message(message, request.match_info["channel"], files)

    async def _change(self, request: web.Request) -> web.Response:
        text, files = await read_request(request)
        message = request.match_info["message"]
        if message in self._numbers:
            self._report(self._numbers[message], text, files)
        return self._message(message, request.match_info["channel"], files)

    def _report(self, number: int, text: str, files: int) -> None:
        report_message(self._listener, number, text, pictures=files > 0)

    def _message(self, message: str, channel: str, files: int) -> web.Response:
        attachments = [
            payloads.attachment_data(payloads.snowflake(), f"{number}.png", 1) for number in range(files)
        ]
        return json_answer(payloads.message_data(message, channel, attachments=attachments))
