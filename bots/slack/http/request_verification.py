"""What every HTTP request passes before Bolt sees it: its path, its size, its age, its signature."""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from bots.slack.http.replay_protection import ReplayProtection
from bots.slack.settings import EVENTS_PATH

MOST_BYTES = 1024 * 1024
OLDEST_SECONDS = 5 * 60
REMEMBERED_SECONDS = 2 * OLDEST_SECONDS
_LONGEST_QUERY = 4000
_TIMESTAMP = re.compile(r"[0-9]{1,12}")

PAGE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Page = Callable[[str, Mapping[str, str]], Awaitable[BoltResponse]]  # from query and headers
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class RequestVerification:
    """An ASGI app around `app`. Without a signing secret nothing is taken from Slack.

    `pages` are for everybody, by their path; `replays` remembers what came before, by default for this one guard.
    """

    def __init__(
        self,
        app: Asgi,
        *,
        signing_secret: str | None,
        pages: Mapping[str, Page] | None = None,
        replays: ReplayProtection | None = None,
    ) -> None:
        self._app = app
        self._pages = pages or {}
        self._verifier = SignatureVerifier(signing_secret) if signing_secret else None
        self._replays = replays or ReplayProtection(lasts_seconds=REMEMBERED_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "GET" and scope["path"] == "/healthz":
            await answer(send, 200, "ok")
        elif scope["method"] == "GET" and (page := self._pages.get(scope["path"])):
            await _turn(send, await page(_query(scope), _headers(scope)))
        elif scope["path"] != EVENTS_PATH or self._verifier is None:
            await answer(send, 404, "There is nothing here.")
        elif scope["method"] != "POST":
            await answer(send, 405, "Slack posts here.")
        elif (body := await body_of(scope, receive)) is None:
            await answer(send, 413, "That is too large.")
        elif not await self._is_slacks(scope, body):
            await answer(send, 401, "The signature is not Slack's.")
        else:
            await self._app(scope, _again(body), send)

    async def _is_slacks(self, scope: Scope, body: bytes) -> bool:
        headers = _headers(scope)
        timestamp = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        if self._verifier is None or not (_TIMESTAMP.fullmatch(timestamp) and signature.isascii()):
            return False
        try:
            valid = self._verifier.is_valid(body, timestamp, signature)  # the age too, in constant time
        except UnicodeDecodeError:
            return False
        return valid and await self._replays.is_first(signature)


async def body_of(scope: Scope, receive: Receive) -> bytes | None:
    """The body, given up as soon as it is too large."""
    declared = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"0")
    if not declared.isdigit() or int(declared) > MOST_BYTES:
        return None
    data = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        data += message.get("body", b"")
        if len(data) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(data)


def _again(body: bytes) -> Receive:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _query(scope: Scope) -> str:
    return bytes(scope.get("query_string", b"")).decode("latin-1")[:_LONGEST_QUERY]


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _turn(send: Send, page: BoltResponse) -> None:
    """The page, which no other site may put into a frame or learn the address of."""
    headers = [(name.encode(), value.encode()) for name, values in page.headers.items() for value in values]
    headers += [(name.encode(), value.encode()) for name, value in PAGE_HEADERS.items()]
    await send({"type": "http.response.start", "status": page.status, "headers": headers})
    await send({"type": "http.response.body", "body": page.body.encode()})


async def answer(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
