"""Heartbeat files: one that says that this process is well, and beside it one that says that it does not hang.

A front end that lost its platform is not well, and a restart would not help it. One that hangs is restarted, by
`chatelier up` or by the health check of its container.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

BEAT_SECONDS = 10.0


@asynccontextmanager
async def heartbeat(path: Path | None, well: Callable[[], bool]) -> AsyncIterator[None]:
    """Write the process id into `path` every ten seconds while all is `well`, and remove it when it is not.

    Into `heartbeat_of(path)` it is written all the while, by the event loop: one that hangs writes no more.
    """
    if path is None:
        yield
        return
    take_away(path)
    beating = asyncio.create_task(_beat(path, well))
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        take_away(path)


async def _beat(path: Path, well: Callable[[], bool]) -> None:
    pause_seconds = 0.2  # until it is well for the first time
    while True:
        write_heartbeat(heartbeat_of(path))
        if well():
            write_heartbeat(path)
            pause_seconds = BEAT_SECONDS
        else:
            _unlink(path)
        await asyncio.sleep(pause_seconds)


def write_heartbeat(path: Path) -> None:
    """Write the process id, whole from the first moment on: a process that sees the file may read it."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(str(os.getpid()))
    unfinished.replace(path)


def take_away(path: Path) -> None:
    """Remove what this process, or one before it, has written."""
    for file in (path, heartbeat_of(path)):
        _unlink(file)


def _unlink(file: Path) -> None:
    file.unlink(missing_ok=True)


def heartbeat_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.alive")


def beat_in_thread(path: Path) -> threading.Event:
    """The same for a process without an event loop, in a thread, from now on and until the answered event is set."""
    stopping = threading.Event()

    def beat() -> None:
        while True:
            write_heartbeat(heartbeat_of(path))
            write_heartbeat(path)
            if stopping.wait(BEAT_SECONDS):
                return

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
    return stopping
