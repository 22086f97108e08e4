"""A file that says that this process is well, for whoever watches it from outside."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

BEAT_SECONDS = 10.0


@asynccontextmanager
async def pulse(path: Path | None, well: Callable[[], bool]) -> AsyncIterator[None]:
    """Write the process id into `path` every ten seconds while all is `well`, and remove it when it is not.

    A process that hangs writes no more, so the file's age tells of that too.
    """
    if path is None:
        yield
        return
    _take_away(path)
    beating = asyncio.create_task(_beat(path, well))
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        _take_away(path)


async def _beat(path: Path, well: Callable[[], bool]) -> None:
    pause_seconds = 0.2  # until it is well for the first time
    while True:
        if well():
            leave_word(path)
            pause_seconds = BEAT_SECONDS
        else:
            _take_away(path)
        await asyncio.sleep(pause_seconds)


def leave_word(path: Path) -> None:
    """Write the process id, whole from the first moment on: whoever sees the file may read it."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(str(os.getpid()))
    unfinished.replace(path)


def _take_away(path: Path) -> None:
    path.unlink(missing_ok=True)
