"""A Slack that only counts: it takes every request of an app in Socket Mode and reports when people see an answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, cast

from aiohttp import WSMsgType, web

from chatelier.benchmarks.loopback.platform import Listener, listen, number_of, prompt_of, report_message
from chatelier.benchmarks.loopback.slack_payloads import slash_command

_TEAM, _CHANNEL = "T0TEAM", "C0GENERAL"


class SlackServer:
    """`connected` is set when the app has opened a socket."""

    name = "slack"

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._port = 0
        self._ids = count(1)
        self._socket: web.WebSocketResponse | None = None
        self._waiting: dict[str, int] = {}  # envelopes that are not acknowledged: their requests
        self._messages: dict[str, int] = {}  # by time stamp
        self.connected = asyncio.Event()
        self._answers: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "auth.test": lambda _: {
                "team_id": _TEAM,
                "user_id": "U0BOT",
                "bot_id": "B0BOT",
                "user": "chatelier",
            },
            "apps.connections.open": lambda _: {"url": f"ws://127.0.0.1:{self._port}/link"},
            "users.info": lambda arguments: {"user": _user_data(arguments["user"])},
            "conversations.info": lambda arguments: {
                "channel": {"id": arguments["channel"], "is_private": False}
            },
            "usergroups.list": lambda _: {"usergroups": []},
            "chat.postMessage": self._show,
            "chat.update": self._show,
            "chat.postEphemeral": self._show,
            "files.getUploadURLExternal": self._upload_address,
            "files.completeUploadExternal": _ready_files,
            "files.info": lambda arguments: {"file": _file_data(arguments["file"])},
            "files.delete": lambda _: {},
        }

    @asynccontextmanager
    async def open(self) -> AsyncIterator["SlackServer"]:
        """Web API, file host and socket, on the loopback interface."""
        routes = [
            web.post("/api/{method}", self._call),
            web.post("/upload/{file}", self._upload),
            web.post("/response/{trigger}", self._respond),
            web.get("/link", self._link),
        ]
        async with listen(routes) as self._port:
            try:
                yield self
            finally:
                if self._socket is not None:
                    await self._socket.close()

    def environment(self) -> dict[str, str]:
        """The settings with which an app connects to it."""
        return {
            "CHATELIER_SLACK__APP_TOKEN": "xapp-loopback-token",
            "CHATELIER_SLACK__BOT_TOKEN": "xoxb-loopback-token",
            "CHATELIER_SLACK__API_URL": f"http://127.0.0.1:{self._port}/api",
        }

    async def ask(self, person: int, number: int) -> None:
        """A member types /imagine."""
        await self.connected.wait()
        trigger, envelope = f"{number}.trigger", f"envelope-{number}"
        payload = slash_command(
            "/imagine",
            f"{prompt_of(number)} --count 1",
            user=f"U0MEMBER{person:04d}",
            channel=_CHANNEL,
            team=_TEAM,
            trigger=trigger,
            response_url=f"http://127.0.0.1:{self._port}/response/{trigger}",
        )
        self._waiting[envelope] = number
        await cast("web.WebSocketResponse", self._socket).send_json(
            {
                "type": "slash_commands",
                "envelope_id": envelope,
                "payload": payload,
                "accepts_response_payload": True,
            }
        )

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._socket = socket
        self.connected.set()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                number = self._waiting.pop(json.loads(message.data)["envelope_id"], None)
                if number is not None:
                    self._listener.acknowledge(number)
        if self._socket is socket:
            self._socket = None
            self.connected.clear()
        return socket

    async def _call(self, request: web.Request) -> web.Response:
        if request.content_type == "application/json":
            arguments = json.loads(await request.text() or "{}")
        else:
            arguments = {**request.query, **await request.post()}
        answer = self._answers.get(request.match_info["method"], _refuse)
        return web.json_response({"ok": True, **answer(arguments)})

    def _show(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        stamp = arguments.get("ts") or f"1700000000.{next(self._ids):06d}"
        text = json.dumps(arguments.get("blocks", []))
        number = self._messages.get(stamp) or number_of(text)
        if number is not None:
            self._messages[stamp] = number
            report_message(self._listener, number, text, pictures="slack_file" in text)
        return {"channel": arguments["channel"], "ts": stamp, "message_ts": stamp}

    def _upload_address(self, _: Mapping[str, Any]) -> dict[str, Any]:
        file = f"F0FILE{next(self._ids):06d}"
        return {"file_id": file, "upload_url": f"http://127.0.0.1:{self._port}/upload/{file}"}

    async def _upload(self, request: web.Request) -> web.Response:
        size_bytes = 0
        async for chunk in request.content.iter_any():
            size_bytes += len(chunk)
        return web.Response(text=f"OK - {size_bytes}")

    async def _respond(self, request: web.Request) -> web.Response:
        """An answer that only the person sees, which a job that goes well does not give."""
        number = int(request.match_info["trigger"].partition(".")[0])
        await request.read()
        self._listener.end(number, failed=True)
        return web.Response(text="ok")


def _refuse(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"ok": False, "error": "unknown_method"}


def _user_data(user: str) -> dict[str, Any]:
    return {"id": user, "team_id": _TEAM, "profile": {"display_name": user.title()}}


def _file_data(file: str) -> dict[str, str]:
    return {"id": file, "mimetype": "image/png"}


def _ready_files(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"files": [_file_data(file["id"]) for file in arguments["files"]]}
