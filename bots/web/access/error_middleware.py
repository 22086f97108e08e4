"""Unexpected errors: the user gets a sentence, and the log the place where it happened and no message.

Starlette would pass the error to the server, which logs its message, and a message may contain a prompt.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FAULT_OF_OURS = 1011  # the code with which a socket is closed

Explain = Callable[[Request, Exception], Awaitable[Response]]


class ErrorMiddleware:
    def __init__(self, app: ASGIApp, explain: Explain) -> None:
        self._app = app
        self._explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception as error:
            if scope["type"] == "lifespan":
                raise
            answer = await self._explain(Request({**scope, "type": "http"}), error)
            with suppress(Exception):  # the client may have disconnected
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": _FAULT_OF_OURS})
                elif not begun:
                    await answer(scope, receive, send)
