"""The HTTP server."""

import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from bots.process.heartbeat_file import heartbeat
from bots.web.app import create_app
from bots.web.metrics import WebMetrics
from bots.web.settings import WebSettings
from studio.ports import Ports

Around = Callable[[ASGIApp], ASGIApp]

# Far above what a message may have, so that a long one is answered in words instead of a closed socket.
_LONGEST_FRAME_BYTES = 64 * 1024


class Server(uvicorn.Server):
    """Keeps `ready_file` fresh while it takes requests."""

    ready_file: Path | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        async with heartbeat(self.ready_file, lambda: self.started):
            await super().serve(sockets)


def make_server(
    ports: Ports, settings: WebSettings, *, around: Around | None = None, metrics: WebMetrics | None = None
) -> Server:
    """Raises `ConfigurationError`.

    The caller sets up logging. `around` wraps the app in another one.
    """
    app: ASGIApp = create_app(ports, settings, metrics=metrics)
    config = uvicorn.Config(
        around(app) if around else app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `TrustedProxies` reads them
        ws_max_size=_LONGEST_FRAME_BYTES,
        ws_per_message_deflate=False,  # cards are short, and the time is better spent elsewhere
        timeout_graceful_shutdown=3,
    )
    return Server(config)


def serve(
    ports: Ports,
    settings: WebSettings,
    *,
    around: Around | None = None,
    listener: socket.socket | None = None,
    metrics: WebMetrics | None = None,
    ready_file: Path | None = None,
) -> None:
    """Serve until the process is told to end. `listener` listens on its port already; without one it is opened."""
    server = make_server(ports, settings, around=around, metrics=metrics)
    server.ready_file = ready_file
    server.run(sockets=[listener] if listener else None)
