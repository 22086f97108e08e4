"""A browser's part of the web page, without the browser: come in, say something, hear the answer, bring files."""

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

_TOKEN = re.compile(r'name="token"[^>]*value="([^"]+)"')
_TOKEN_OF_ROOM = re.compile(r'data-token="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Seconds until the server said that the words have arrived, and until it had acted on them."""

    received_seconds: float
    answered_seconds: float
    answer: dict[str, Any]


@dataclass(kw_only=True)
class WebClient:
    """One open socket. Every message that arrives is kept with the moment of its arrival.

    With a `listener` the messages after the first feed are its own business, as text, and nothing is kept.
    """

    socket: ClientConnection
    address: str
    headers: dict[str, str] = field(repr=False)  # what the browser sends with a form
    heard: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    listener: "Callable[[WebClient, str], None] | None" = field(default=None, repr=False)
    _listening: asyncio.Task[None] | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @classmethod
    async def enter(
        cls, address: str, name: str, *, listener: "Callable[[WebClient, str], None] | None" = None
    ) -> "WebClient":
        """Through the entry page, as a person would."""
        async with httpx.AsyncClient(base_url=address, follow_redirects=True, timeout=30) as client:
            page = await client.get("/")
            token = _TOKEN.search(page.text)
            if token is None:
                raise RuntimeError("the entry page has no form token")
            entered = await client.post(
                "/enter", data={"name": name, "token": token[1]}, headers={"origin": address}
            )
            entered.raise_for_status()
            room = _TOKEN_OF_ROOM.search(entered.text)
            if room is None:
                raise RuntimeError("the page has no form token")
            cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
        headers = {"cookie": cookies, "origin": address}
        socket = await connect(
            address.replace("http", "ws", 1) + "/room", additional_headers=headers, max_size=2**24
        )
        visitor = cls(socket=socket, address=address, headers=headers | {"x-form-token": room[1]})
        visitor._listening = asyncio.create_task(visitor._listen())
        await visitor.hear(lambda message: message["type"] == "wall")
        visitor.listener = listener
        return visitor

    async def _listen(self) -> None:
        async for text in self.socket:
            if self.listener is not None:
                self.listener(self, str(text))
                continue
            async with self._news:
                self.heard.append((time.perf_counter(), json.loads(text)))
                self._news.notify_all()

    async def send_line(self, text: str) -> Said:
        """Type a line and wait until the server has answered it."""
        wish = str(uuid.uuid4())
        sent_at = time.perf_counter()
        await self.send(wish, text)
        received_at, _ = await self.hear(lambda message: message.get("id") == wish)
        answered_at, answer = await self.hear(
            lambda message: message["type"] == "answer" and message["id"] == wish
        )
        return Said(
            received_seconds=received_at - sent_at, answered_seconds=answered_at - sent_at, answer=answer
        )

    async def send(self, wish: str, text: str) -> None:
        """Type a line, as the message with the id `wish`."""
        await self.socket.send(json.dumps({"do": "say", "id": wish, "text": text}))

    async def upload(self, data: bytes, *, look: bool = False) -> float:
        """Seconds until the server has taken a file in, or, with `look`, said where it comes from."""
        path = "/uploads?look" if look else "/uploads"
        sent_at = time.perf_counter()
        async with httpx.AsyncClient(base_url=self.address, headers=self.headers, timeout=120) as client:
            answer = await client.post(path, content=data)
        answer.raise_for_status()
        return time.perf_counter() - sent_at

    async def fetch(self, path: str) -> bytes:
        """A file of the web page."""
        async with httpx.AsyncClient(base_url=self.address, headers=self.headers, timeout=120) as client:
            answer = await client.get(path)
        answer.raise_for_status()
        return answer.content

    async def hear(self, wanted: Any, *, seconds: float = 120) -> tuple[float, dict[str, Any]]:
        """The first message, past or future, for which `wanted` is true, and when it came."""
        read = 0
        async with asyncio.timeout(seconds), self._news:
            while True:
                for heard_at, message in self.heard[read:]:
                    if wanted(message):
                        return heard_at, message
                read = len(self.heard)
                await self._news.wait()

    async def leave(self) -> None:
        await self.socket.close()
        if self._listening:
            await self._listening
