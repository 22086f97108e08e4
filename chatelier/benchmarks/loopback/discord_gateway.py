"""The gateway's end of a session: hello, identify, ready, heartbeats, resume."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


@dataclass(kw_only=True)
class Session:
    """One shard's connection. Keeps what was dispatched, so that it gets what it missed when it comes back."""

    sent: list[str] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None

    async def dispatch(self, kind: str, data: Any) -> None:
        packet = json.dumps({"op": DISPATCH, "t": kind, "s": len(self.sent) + 1, "d": data})
        self.sent.append(packet)
        if self.socket is not None and not self.socket.closed:
            await self.socket.send_str(packet)


class Gateway:
    def __init__(
        self, token: str, ready: Callable[[], Mapping[str, Any]], guilds: Callable[[], list[Any]]
    ) -> None:
        self._token = token
        self._ready = ready
        self._guilds = guilds
        self._sessions: dict[int, Session] = {}
        self._shard_count = 1
        self.expected_shards = 1
        self.connected = asyncio.Event()  # all expected shards are
        self.identified = 0
        self.resumed = 0
        self.forgetful = False  # the next session that comes back is refused

    def shard_of(self, guild_id: str | None) -> int:
        return (int(guild_id) >> 22) % self._shard_count if guild_id else 0

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
        for session in self._sessions.values():
            if session.socket is socket:
                session.socket = None
                self.connected.clear()
        return socket

    async def _identify(self, socket: web.WebSocketResponse, data: Mapping[str, Any]) -> None:
        if data["token"] != self._token:
            await socket.close(code=4004, message=b"Authentication failed.")
            return
        self.identified += 1
        shard, self._shard_count = data.get("shard", [0, 1])
        session = self._sessions[shard] = Session(socket=socket)
        ready = {**self._ready(), "shard": [shard, self._shard_count], "session_id": f"loopback-{shard}"}
        await session.dispatch("READY", ready)
        for guild in self._guilds():
            if self.shard_of(guild["id"]) == shard:
                await session.dispatch("GUILD_CREATE", guild)
        self._note_connected()

    async def _resume(self, socket: web.WebSocketResponse, data: Mapping[str, Any]) -> None:
        if self.forgetful:
            self.forgetful = False
            await socket.send_json({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return
        self.resumed += 1
        session = self._sessions[int(data["session_id"].rpartition("-")[2])]
        session.socket = socket
        for missed in session.sent[data["seq"] :]:
            await socket.send_str(missed)
        await session.dispatch("RESUMED", {})
        self._note_connected()

    def _note_connected(self) -> None:
        if sum(session.socket is not None for session in self._sessions.values()) >= self.expected_shards:
            self.connected.set()

    async def dispatch(self, kind: str, data: Any, *, guild_id: str) -> None:
        """To the shard of that server; kept for it while it is away."""
        if session := self._sessions.get(self.shard_of(guild_id)):
            await session.dispatch(kind, data)

    async def drop(self) -> None:
        """Break the connections as a failing network does; the sessions may be resumed."""
        for session in self._sessions.values():
            if session.socket is not None:
                socket, session.socket = session.socket, None
                self.connected.clear()
                await socket.close(code=4000)
