"""Opens the room to browsers."""

import uvicorn

from bots.web.app import create_app
from bots.web.settings import WebSettings
from studio.ports import Ports

# Far above what a message may have, so that a long one is answered in words instead of a closed socket.
_LONGEST_FRAME_BYTES = 64 * 1024


def make_server(ports: Ports, settings: WebSettings) -> uvicorn.Server:
    """Raises `Misconfigured`. Logging is left to the caller."""
    config = uvicorn.Config(
        create_app(ports, settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        ws_max_size=_LONGEST_FRAME_BYTES,
        ws_per_message_deflate=False,  # cards are short, and the time is better spent elsewhere
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


def serve(ports: Ports, settings: WebSettings) -> None:
    """Run the room until the process is told to end."""
    make_server(ports, settings).run()
