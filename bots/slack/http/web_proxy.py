"""One address for the web front end and Slack: requests for Slack are forwarded to its port unchanged."""

import logging

import aiohttp

from bots.slack.http.request_verification import (
    MOST_BYTES,
    PAGE_HEADERS,
    Asgi,
    Receive,
    Scope,
    Send,
    answer,
    body_of,
)
from bots.slack.settings import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH

_PATHS = frozenset({EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH})
_METHODS = frozenset({"GET", "POST"})
# What Slack's signature and the pages of the installation need; nothing else is anybody's business there.
_TAKEN = frozenset({b"content-type", b"cookie"})
_SIGNED = b"x-slack-"
_GIVEN = frozenset({"content-type", "set-cookie", "location", *PAGE_HEADERS})
_TIMEOUT = aiohttp.ClientTimeout(total=5)  # Slack itself waits for three seconds

log = logging.getLogger(__name__)


class WebProxy:
    """An ASGI app around `app`. Signatures are checked where the request arrives."""

    def __init__(self, app: Asgi, *, target_url: str) -> None:
        self._app = app
        self._target_url = target_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in _PATHS or scope["method"] not in _METHODS:
            await self._app(scope, receive, send)
        elif (body := await body_of(scope, receive)) is None:
            await answer(send, 413, f"At most {MOST_BYTES} bytes are taken here.")
        else:
            await self._pass_on(scope, body, send)

    async def _pass_on(self, scope: Scope, body: bytes, send: Send) -> None:
        query = bytes(scope.get("query_string", b"")).decode("latin-1")
        url = f"{self._target_url}{scope['path']}" + (f"?{query}" if query else "")
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name in _TAKEN or name.startswith(_SIGNED)
        ]
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False) as session,
                session.request(
                    scope["method"], url, data=body or None, headers=headers, allow_redirects=False
                ) as response,
            ):
                given = [
                    (name.lower().encode("latin-1"), value.encode("latin-1"))
                    for name, value in response.headers.items()
                    if name.lower() in _GIVEN
                ]
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("Slack front end unavailable: %s", type(error).__name__)
            await answer(send, 502, "The Slack front end is unavailable.")
            return
        await send({"type": "http.response.start", "status": response.status, "headers": given})
        await send({"type": "http.response.body", "body": content})
