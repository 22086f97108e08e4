"""Discord's proxy in front of the web front end: browsers know one host, the front end is asked under its own."""

from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.loopback_oauth import CLIENT_ID

PROXY_HOST = f"{CLIENT_ID}.discordsays.com"
PROXY_ORIGIN = f"https://{PROXY_HOST}"


class DiscordProxy:
    """Passes requests and sockets on to `app` with `host` for a host header; the origin stays the browser's."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope = {**scope, "headers": [(b"host", self._host), *headers]}
        await self._app(scope, receive, send)
