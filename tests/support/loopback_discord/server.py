"""A Discord on the loopback interface: REST and gateway over real sockets, as strict as the bot needs it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from simcord.components import COMPONENTS_V2_FLAG, validate_components

from chatelier.benchmarks.loopback.discord_gateway import Gateway
from chatelier.benchmarks.loopback.discord_payloads import (
    ATTACHMENT_LIMIT_BYTES,
    BOT,
    CHANNEL,
    CHANNELS,
    GUILD,
    TOKEN,
    application_data,
    attachment_data,
    bot_user_data,
    command_data,
    gateway_bot_data,
    guild_data,
    interaction_data,
    member_data,
    message_data,
    ready_data,
    slash_data,
    snowflake,
    user_data,
)
from tests.support.loopback_discord.contract import Contract, load_contract
from tests.support.loopback_discord.foreign_places import (
    FOREIGN_CHANNEL,
    GROUP_CHANNEL,
    PLACES,
    foreign_interaction_data,
)
from tests.support.loopback_discord.records import Attachment, Fault, Interaction, Message

BODY = web.RequestKey("body", Any)  # type: ignore[var-annotated]
FILES = web.RequestKey("files", list)  # type: ignore[var-annotated]


class LoopbackDiscord:
    def __init__(self) -> None:
        self.contract: Contract | None = load_contract()
        self.messages: dict[str, Message] = {}
        self.interactions: dict[str, Interaction] = {}
        self.commands: list[dict[str, Any]] = []
        self.registrations = 0
        self.requests: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.mentions: list[object] = []  # allowed_mentions of everything that was said
        self.lost_answers = 0
        self.names_messages = True  # in the answer to an acknowledgement
        self.deleted_channels: set[str] = set()
        self.hides_external_apps = False
        self.trespasses: list[str] = []  # requests of the bot itself where it is not
        self._nonces: dict[tuple[str, str], Message] = {}
        self._dms: dict[str, str] = {}
        self.gateway = Gateway(TOKEN, self._ready, lambda: [guild_data(channel) for channel in CHANNELS])

    def empty(self) -> None:
        """Forget what was said and asked; commands stay registered, and sessions open."""
        self.messages.clear()
        self.interactions.clear()
        self.requests.clear()
        self.faults.clear()
        self.mentions.clear()
        self._nonces.clear()
        self.deleted_channels.clear()
        self._dms.clear()
        self.lost_answers, self.names_messages = 0, True
        self.gateway.identified = self.gateway.resumed = 0

    # ---- what members do

    async def slash(self, user: str, name: str, *, guild: str = GUILD, **options: Any) -> Interaction:
        command = next(
            command for command in self.commands if command["name"] == name and command.get("type", 1) == 1
        )
        return await self._interact(2, user, slash_data(command, options), guild=guild)

    async def click(self, user: str, message: Message, custom_id: str) -> Interaction:
        assert custom_id in message.custom_ids, f"no such button: {message.custom_ids}"
        data = {"custom_id": custom_id, "component_type": 2}
        guild = next(guild for guild, channel in PLACES.items() if channel == message.channel)
        return await self._interact(3, user, data, guild=guild, message=self._message_data(message))

    async def submit(self, user: str, opened: Interaction, **values: str) -> Interaction:
        """Fill in the texts of a form."""
        assert opened.modal is not None
        fields = [{"type": 4, "id": 2, "custom_id": name, "value": value} for name, value in values.items()]
        data = {
            "custom_id": opened.modal["custom_id"],
            "components": [{"type": 18, "id": 1, "component": field} for field in fields],
        }
        return await self._interact(5, user, data)

    async def react(self, user: str, message: Message, emoji: str) -> None:
        await self.gateway.dispatch(
            "MESSAGE_REACTION_ADD",
            {
                "user_id": user,
                "channel_id": message.channel,
                "message_id": message.id,
                "guild_id": GUILD,
                "member": member_data(user),
                "emoji": {"id": None, "name": emoji},
                "message_author_id": BOT,
                "burst": False,
                "type": 0,
            },
            guild_id=GUILD,
        )

    async def _interact(
        self, kind: int, user: str, data: Any, *, guild: str = GUILD, **more: Any
    ) -> Interaction:
        record = Interaction(
            id=snowflake(),
            token=f"aW50ZXJhY3Rpb24.{snowflake()}",
            guild=guild,
            channel=PLACES[guild],
            user=user,
            may_show=not self.hides_external_apps,
            sent_at=time.monotonic(),
        )
        self.interactions[record.token] = record
        describe = interaction_data if guild in CHANNELS else foreign_interaction_data
        await self.gateway.dispatch("INTERACTION_CREATE", describe(record, kind, data) | more, guild_id=guild)
        return record

    # ---- what members see

    def seen(self, channel: str = CHANNEL) -> list[Message]:
        """Everybody's messages of a channel."""
        return [
            message
            for message in self.messages.values()
            if message.channel == channel and not message.deleted and not message.ephemeral
        ]

    # ---- REST

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._gatekeeper], client_max_size=64 * 1024 * 1024)
        api = "/api/v10"
        app.add_routes(
            [
                web.get("/gateway", self.gateway.serve),
                web.get(f"{api}/users/@me", self._me),
                web.get(f"{api}/oauth2/applications/@me", self._application),
                web.get(f"{api}/gateway/bot", self._gateway_bot),
                web.put(f"{api}/applications/{{id}}/commands", self._register),
                web.post(f"{api}/interactions/{{id}}/{{token}}/callback", self._callback),
                web.post(f"{api}/webhooks/{{app}}/{{token}}", self._follow_up),
                web.get(f"{api}/webhooks/{{app}}/{{token}}/messages/{{message}}", self._read_by_token),
                web.patch(f"{api}/webhooks/{{app}}/{{token}}/messages/{{message}}", self._edit_by_token),
                web.delete(f"{api}/webhooks/{{app}}/{{token}}/messages/{{message}}", self._delete_by_token),
                web.post(f"{api}/channels/{{channel}}/messages", self._create),
                web.patch(f"{api}/channels/{{channel}}/messages/{{message}}", self._edit),
                web.post(f"{api}/users/@me/channels", self._open_dm),
            ]
        )
        return app

    @web.middleware
    async def _gatekeeper(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.startswith("/api/"):
            return await handler(request)  # type: ignore[no-any-return]
        path = request.path.removeprefix("/api/v10")
        self.requests.append((request.method, path))
        if any(f"/{channel}" in path for channel in (FOREIGN_CHANNEL, GROUP_CHANNEL)):
            self.trespasses.append(f"{request.method} {path}")
            return _error(403, 50001, "Missing Access")
        fault = next((fault for fault in self.faults if fault.meets(request.method, path)), None)
        if fault is not None:
            fault.times -= 1
            await request.read()
            return _json(fault.body, status=fault.status, headers=fault.headers)
        by_token = path.startswith(("/interactions/", "/webhooks/"))
        if not by_token and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return _error(401, 0, "401: Unauthorized")
        request[BODY], request[FILES] = await _read(request)
        if self.contract is not None:
            self.contract.check(
                request.method, path, request[BODY], multipart=request.content_type == "multipart/form-data"
            )
        return await handler(request)  # type: ignore[no-any-return]

    async def _me(self, _request: web.Request) -> web.Response:
        return _json(bot_user_data())

    async def _application(self, _request: web.Request) -> web.Response:
        return _json(application_data())

    async def _gateway_bot(self, request: web.Request) -> web.Response:
        return _json(gateway_bot_data(f"ws://{request.host}/gateway"))

    async def _register(self, request: web.Request) -> web.Response:
        self.registrations += 1
        self.commands = [command_data(command) for command in request[BODY]]
        return _json(self.commands)

    async def _callback(self, request: web.Request) -> web.Response:
        record = self.interactions.get(request.match_info["token"])
        body = request[BODY]
        if record is None or record.expired:
            return _error(404, 10062, "Unknown interaction")
        if record.answered_at is not None:
            return _error(400, 40060, "Interaction has already been acknowledged.")
        record.answered_at = time.monotonic()
        data = body.get("data") or {}
        if body["type"] in (4, 5):
            record.message = Message(
                id=snowflake(), channel=record.channel, flags=data.get("flags", 0), thinking=body["type"] == 5
            )
            self.messages[record.message.id] = record.message
            self._fill(record.message, data, [])
        elif body["type"] == 9:
            record.modal = data
        record.answered.set()
        if self.lost_answers:
            self.lost_answers -= 1
            return _error(502, 0, "Bad Gateway")  # it was done, but the bot does not hear of it
        response = {
            "id": record.id,
            "type": 2,
            "response_message_id": record.message.id if record.message and self.names_messages else None,
            "response_message_loading": body["type"] == 5,
            "response_message_ephemeral": bool(record.message and record.message.ephemeral),
        }
        return _json({"interaction": response})

    async def _follow_up(self, request: web.Request) -> web.Response:
        record = self._by_token(request)
        if isinstance(record, web.Response):
            return record
        body = request[BODY]
        if record.message is not None and record.message.thinking:
            self._fill(record.message, body, request[FILES])
            return _json(self._message_data(record.message))
        message = Message(id=snowflake(), channel=record.channel, flags=body.get("flags", 0))
        self.messages[message.id] = message
        record.followups.append(message)
        self._fill(message, body, request[FILES])
        return _json(self._message_data(message))

    async def _edit_by_token(self, request: web.Request) -> web.Response:
        record = self._by_token(request)
        if isinstance(record, web.Response):
            return record
        return self._change(self._named(record, request.match_info["message"]), request)

    async def _read_by_token(self, request: web.Request) -> web.Response:
        record = self._by_token(request)
        if isinstance(record, web.Response):
            return record
        message = self._named(record, request.match_info["message"])
        if message is None or message.deleted:
            return _error(404, 10008, "Unknown Message")
        return _json(self._message_data(message))

    async def _delete_by_token(self, request: web.Request) -> web.Response:
        record = self._by_token(request)
        if isinstance(record, web.Response):
            return record
        message = self._named(record, request.match_info["message"])
        if message is None or message.deleted:
            return _error(404, 10008, "Unknown Message")
        message.deleted = True
        return web.Response(status=204)

    def _by_token(self, request: web.Request) -> Interaction | web.Response:
        record = self.interactions.get(request.match_info["token"])
        if record is None:
            return _error(404, 10015, "Unknown Webhook")
        if record.expired:
            return _error(401, 50027, "Invalid Webhook Token")
        return record

    def _named(self, record: Interaction, name: str) -> Message | None:
        if name == "@original":
            return record.message
        known = [*record.followups, *([record.message] if record.message else [])]
        return next((message for message in known if message.id == name), None)

    async def _create(self, request: web.Request) -> web.Response:
        channel, body = request.match_info["channel"], request[BODY]
        if channel in self.deleted_channels:
            return _error(404, 10003, "Unknown Channel")
        nonce = (channel, str(body.get("nonce")))
        if body.get("enforce_nonce") and nonce in self._nonces:
            return _json(self._message_data(self._nonces[nonce]))
        message = Message(id=snowflake(), channel=channel)
        if refusal := self._fill(message, body, request[FILES]):
            return refusal
        self.messages[message.id] = self._nonces[nonce] = message
        return _json(self._message_data(message))

    async def _edit(self, request: web.Request) -> web.Response:
        if request.match_info["channel"] in self.deleted_channels:
            return _error(404, 10003, "Unknown Channel")
        return self._change(self.messages.get(request.match_info["message"]), request)

    def _change(self, message: Message | None, request: web.Request) -> web.Response:
        if message is None or message.deleted or message.channel in self.deleted_channels:
            return _error(404, 10008, "Unknown Message")
        if refusal := self._fill(message, request[BODY], request[FILES]):
            return refusal
        message.edited_at.append(time.monotonic())
        return _json(self._message_data(message))

    async def _open_dm(self, request: web.Request) -> web.Response:
        user = str(request[BODY]["recipient_id"])
        channel = self._dms.setdefault(user, snowflake())
        return _json({"id": channel, "type": 1, "recipients": [user_data(user)]})

    def dm_of(self, user: str) -> str:
        return self._dms[user]

    def _fill(self, message: Message, body: Mapping[str, Any], files: list[Any]) -> web.Response | None:
        if sum(len(data) for _, _, data in files) > ATTACHMENT_LIMIT_BYTES:
            return _error(413, 40005, "Request entity too large")
        flags = message.flags | (int(body.get("flags") or 0) & COMPONENTS_V2_FLAG)
        content, embeds = body.get("content", message.content), body.get("embeds", message.embeds)
        try:
            validate_components(body.get("components") or [], flags=flags)
        except ValueError as error:
            return _error(400, 50035, f"Invalid Form Body: {error}")
        if len(content or "") > 2000 or (flags & COMPONENTS_V2_FLAG and (content or embeds)):
            return _error(400, 50035, "Invalid Form Body")
        message.flags = flags
        if "content" in body or "components" in body:
            self.mentions.append(body.get("allowed_mentions"))
        message.content = body.get("content", message.content) or ""
        message.components = body.get("components", message.components) or []
        message.embeds = body.get("embeds", message.embeds) or []
        message.thinking = False
        if "attachments" in body:
            described = {str(attachment["id"]): attachment for attachment in body["attachments"]}
            preserved = [attachment for attachment in message.attachments if attachment.id in described]
            fresh = [
                Attachment(
                    id=snowflake(),
                    filename=filename,
                    data=data,
                    description=described.get(number, {}).get("description"),
                )
                for number, filename, data in files
            ]
            message.attachments = preserved + fresh
        return None

    # ---- payloads

    def _ready(self) -> dict[str, Any]:
        return ready_data(self.gateway_url)

    gateway_url = ""

    def _message_data(self, message: Message) -> dict[str, Any]:
        attachments = [
            attachment_data(attachment.id, attachment.filename, len(attachment.data))
            for attachment in message.attachments
        ]
        return message_data(
            message.id,
            message.channel,
            content=message.content,
            attachments=attachments,
            embeds=message.embeds,
            flags=message.flags,
            components=message.components,
        )


@asynccontextmanager
async def open_discord() -> AsyncIterator[tuple[LoopbackDiscord, str]]:
    """The server and its address, ``http://127.0.0.1:port``."""
    discord = LoopbackDiscord()
    runner = web.AppRunner(discord.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=512)
    await site.start()
    port = runner.addresses[0][1]
    discord.gateway_url = f"ws://127.0.0.1:{port}/gateway"
    try:
        yield discord, f"http://127.0.0.1:{port}"
    finally:
        async with asyncio.timeout(300):
            await runner.cleanup()


async def _read(request: web.Request) -> tuple[Any, list[tuple[str, str, bytes]]]:
    """The JSON of a request, and its files as number, name and bytes."""
    if request.content_type != "multipart/form-data":
        raw = await request.read()
        return (json.loads(raw) if raw else None), []
    body, files = None, []
    async for part in await request.multipart():
        if part.name == "payload_json":
            body = json.loads(await part.text())
        else:
            number = part.name.removeprefix("files[").removesuffix("]")
            files.append((number, part.filename or "", await part.read()))
    return body, files


def _json(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Without a character set in its type, as Discord answers."""
    all_headers = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=json.dumps(data).encode(), status=status, headers=all_headers)


def _error(status: int, code: int, message: str) -> web.Response:
    return _json({"code": code, "message": message}, status=status)
