"""The one place where an async face waits for the sync studio."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

CHAT_THREADS = {
    "desk": 4,  # commands
    "mail": 3,  # rows and acknowledgements
    "shelf": 2,  # picture files
}


class ThreadPools:
    """A few threads for each kind of work, so that a rush of pictures never delays what people type.

    More threads would not be faster: they share one interpreter and, on SQLite, one writer. They are started
    when there is work for them.
    """

    def __init__(self, face: str, threads: Mapping[str, int] = CHAT_THREADS) -> None:
        self._pools = {
            kind: ThreadPoolExecutor(count, thread_name_prefix=f"{face}-{kind}")
            for kind, count in threads.items()
        }

    async def run(self, kind: str, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pools[kind], partial(work, *arguments, **named))

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
