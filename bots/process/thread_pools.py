"""The one place where an async front end waits for synchronous code."""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Pool(StrEnum):
    """What a thread is for."""

    COMMANDS = "commands"
    DATABASE = "database"  # reads and short writes beside commands
    FILES = "files"
    UPLOADS = "uploads"  # sanitizing one may take 200 MB for a moment


CHAT_THREADS = {Pool.COMMANDS: 4, Pool.DATABASE: 3, Pool.FILES: 2}


class ThreadPools:
    """A few threads for each kind of work, so that many pictures never delay commands.

    More threads would not be faster: they share one interpreter and, on SQLite, one writer. They are started
    when there is work for them.
    """

    def __init__(self, frontend: str, threads: Mapping[Pool, int] = CHAT_THREADS) -> None:
        self._pools = {
            pool: ThreadPoolExecutor(count, thread_name_prefix=f"{frontend}-{pool}")
            for pool, count in threads.items()
        }

    async def run(self, pool: Pool, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """In a thread, with the context of the task that waits for it, such as its reader's language."""
        loop = asyncio.get_running_loop()
        in_context = partial(contextvars.copy_context().run, partial(work, *arguments, **named))
        return await loop.run_in_executor(self._pools[pool], in_context)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
