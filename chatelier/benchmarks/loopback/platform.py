"""What a loopback platform reports, and what is common to those that only count."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from aiohttp import web

_LARGEST_BYTES = 64 * 1024 * 1024
_BACKLOG = 512
_NUMBER = re.compile(r"number (\d{6})")
_RUNNING = "c1:cancel:"  # the button of a job that can still be cancelled


class Listener(Protocol):
    """Hears of requests by their numbers."""

    def acknowledge(self, number: int) -> None:
        """The front end has answered for the first time."""

    def show(self, number: int) -> None:
        """The job's message is there."""

    def end(self, number: int, *, failed: bool = False) -> None:
        """The message shows the pictures, or why there are none."""


def prompt_of(number: int) -> str:
    """The prompt of a request, by which its messages are recognised."""
    return f"a red fox in the snow, number {number:06d}"


def number_of(text: str) -> int | None:
    """Of the request that a message is about."""
    found = _NUMBER.search(text)
    return int(found[1]) if found else None


def report_message(listener: Listener, number: int, text: str, *, pictures: bool) -> None:
    """A message of a request was sent or edited; `text` is what the front end sent, as JSON."""
    listener.show(number)
    if _RUNNING not in text:
        listener.end(number, failed=not pictures)


@asynccontextmanager
async def listen(routes: list[web.RouteDef]) -> AsyncIterator[int]:
    """A server on a free port of 127.0.0.1, which the context value is."""
    app = web.Application(client_max_size=_LARGEST_BYTES)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=_BACKLOG).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def read_request(request: web.Request) -> tuple[str, int]:
    """The JSON of a request as text, and how many files came with it. The files themselves are dropped."""
    if request.content_type != "multipart/form-data":
        return (await request.text()) or "{}", 0
    text, files = "{}", 0
    async for part in await request.multipart():
        if getattr(part, "name", None) == "payload_json":
            text = await part.text()  # type: ignore[union-attr]
        else:
            files += 1
            await part.release()  # type: ignore[union-attr]
    return text, files


def json_answer(data: Any, *, status: int = 200) -> web.Response:
    """Without a character set in its type, as Discord answers."""
    return web.Response(
        body=json.dumps(data).encode(), status=status, headers={"Content-Type": "application/json"}
    )
