"""An ASGI app on a port of this machine, in a thread of the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

_END_SECONDS = 300


@contextmanager
def serving(app: ASGIApp, port: int, *, ssl_certfile: Path | None = None) -> Iterator[None]:
    """The app answers on 127.0.0.1 until the end."""
    config = uvicorn.Config(
        app, port=port, log_config=None, ws="websockets-sansio", ssl_certfile=ssl_certfile
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        thread.join(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_END_SECONDS)
