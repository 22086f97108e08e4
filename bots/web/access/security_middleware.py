"""Checks the host and the origin of every request, and sets the security headers."""

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.activity_frame import ancestors, is_framed, is_of_start, is_start
from bots.web.oauth_provider import DiscordActivity
from bots.web.settings import WebSettings

# Read by health checks and scrapers under whatever name their network gives us; they tell nothing private.
_OPEN_PATHS = {"/healthz", "/metrics"}
_HOST = re.compile(r"[\w.\-:\[\]]+")
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class SecurityMiddleware:
    """Refuses foreign hosts (DNS rebinding) and foreign origins (forged posts and sockets)."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._hosts = {"localhost", *(host.lower() for host in settings.allowed_hosts)}
        self._activity = settings.activity
        self._pictures_from = f" {links.origin}" if (links := settings.download_links) else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope["path"] in _OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        activity = self._activity_of(scope)
        if not self._knows(host):
            await _refuse(scope, receive, send, translate(texts.FOREIGN_HOST), 421)
        elif "\0" in scope["path"] or b"%00" in scope["query_string"]:  # which PostgreSQL takes for no text
            await _refuse(scope, receive, send, translate(texts.NOT_FOUND), 404)
        elif not _own_origin(scope, headers, host) and not _is_origin_of(activity, headers):
            await _refuse(scope, receive, send, translate(texts.FOREIGN_ORIGIN), 403)
        else:
            policy = _policy(host, self._pictures_from, activity)
            guarded = _with_headers(send, policy) if scope["type"] == "http" else send
            await self._app(scope, receive, guarded)

    def _activity_of(self, scope: Scope) -> DiscordActivity | None:
        """The Activity in whose frame the request's page is; None for a page of its own."""
        connection = HTTPConnection(scope)
        framed = is_framed(connection) or is_start(connection) or is_of_start(connection)
        return self._activity if framed else None

    def _knows(self, host: str) -> bool:
        """Configured names, localhost, and IP addresses: a rebinding attack needs a name of its own."""
        if not _HOST.fullmatch(host):
            return False
        name = name_of(host)
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def name_of(host: str) -> str:
    """The name or address in a Host header, without a port; empty when it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets that do not belong to an IPv6 address
        return ""


def _place_of(origin: str) -> str:
    """Host and port of an origin; empty when it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _own_origin(scope: Scope, headers: Headers, host: str) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return _place_of(origin) == host.lower()
    # Browsers send an origin with every post and every socket; other clients still need a form token to post.
    return scope["type"] == "http" and (
        scope["method"] in _SAFE_METHODS or headers.get("sec-fetch-site", "same-origin") == "same-origin"
    )


def _is_origin_of(activity: DiscordActivity | None, headers: Headers) -> bool:
    return activity is not None and headers.get("origin") == f"https://{activity.host}"


async def _refuse(scope: Scope, receive: Receive, send: Send, sentence: str, status: int) -> None:
    if scope["type"] == "websocket":
        await WebSocketClose(code=1008, reason=sentence[:120])(scope, receive, send)
    else:
        await PlainTextResponse(sentence, status_code=status)(scope, receive, send)


def _policy(host: str, pictures_from: str, activity: DiscordActivity | None) -> str:
    """The content security policy. In Discord the page is in a frame, and is a frame within a page of ours."""
    # Older Safari does not count a socket on our own host as 'self'.
    sockets = f"wss://{activity.host}" if activity else f"ws://{host} wss://{host}"
    frames = (
        f"frame-ancestors {ancestors(activity)}; frame-src 'self'" if activity else "frame-ancestors 'none'"
    )
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{pictures_from}; "
        f"connect-src 'self' {sockets}; form-action 'self'; base-uri 'none'; {frames}; manifest-src 'self'"
    )


def _with_headers(send: Send, policy: str) -> Send:
    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = policy
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_guarded
