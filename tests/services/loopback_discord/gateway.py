"""The gateway's end of a session: hello, identify, ready, heartbeats, resume."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import WSMsgType, web

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = (
    0,
    1,
    2,
    6,
    7,
    9,
    10,
    11,
)


class Gateway:
    """Keeps what was dispatched, so that a session which comes back gets what it missed."""

    def __init__(
        self, token: str, ready: Callable[[], Mapping[str, Any]], guilds: Callable[[], list[Any]]
    ) -> None:
        self._token = token
        self._ready = ready
        self._guilds = guilds
        self._sent: list[str] = []
        self._socket: web.WebSocketResponse | None = None
        self.connected = asyncio.Event()
        self.identified = 0
        self.resumed = 0
        self.forgetful = False  # the next session that comes back is refused

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=None)
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 20_000}, "s": None, "t": None})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            packet = json.loads(message.data)
            match packet["op"]:
                case 1:
                    await socket.send_json({"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None})
                case 2:
                    await self._identify(socket, packet["d"])
                case 6:
                    await self._resume(socket, packet["d"])
        if self._socket is socket:
            self._socket = None
            self.connected.clear()
        return socket

    async def _identify(self, socket: web.WebSocketResponse, data: Mapping[str, Any]) -> None:
        if data["token"] != self._token:
            await socket.close(code=4004, message=b"Authentication failed.")
            return
        self.identified += 1
        self._sent.clear()
        self._socket = socket
        await self.dispatch("READY", {**self._ready(), "shard": data.get("shard", [0, 1])})
        for guild in self._guilds():
            await self.dispatch("GUILD_CREATE", guild)
        self.connected.set()

    async def _resume(self, socket: web.WebSocketResponse, data: Mapping[str, Any]) -> None:
        if self.forgetful:
            self.forgetful = False
            await socket.send_json({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return
        self.resumed += 1
        self._socket = socket
        for missed in self._sent[data["seq"] :]:
            await socket.send_str(missed)
        await self.dispatch("RESUMED", {})
        self.connected.set()

    async def dispatch(self, kind: str, data: Any) -> None:
        """To the session; kept for it while it is away."""
        packet = json.dumps({"op": DISPATCH, "t": kind, "s": len(self._sent) + 1, "d": data})
        self._sent.append(packet)
        if self._socket is not None and not self._socket.closed:
            await self._socket.send_str(packet)

    async def drop(self) -> None:
        """Break the connection as a failing network does; the session may be resumed."""
        if self._socket is not None:
            socket, self._socket = self._socket, None
            self.connected.clear()
            await socket.close(code=4000)
