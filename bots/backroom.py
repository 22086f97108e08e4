"""The one place where the async face waits for the sync studio."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Backroom:
    """A few threads for each kind of work, so that a rush of pictures never delays what people type.

    More threads would not be faster: they share one interpreter and, on SQLite, one writer.
    """

    def __init__(self, face: str) -> None:
        self._pools = {
            "desk": ThreadPoolExecutor(4, thread_name_prefix=f"{face}-desk"),  # commands
            "mail": ThreadPoolExecutor(3, thread_name_prefix=f"{face}-mail"),  # rows and acknowledgements
            "shelf": ThreadPoolExecutor(2, thread_name_prefix=f"{face}-shelf"),  # picture files
        }

    async def run(self, kind: str, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pools[kind], partial(work, *arguments, **named))

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
