"""The one place where the async face waits for the sync studio."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple, Unpack

import anyio
import anyio.to_thread

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class Backroom:
    """A few threads for each kind of work, so that a rush for pictures never delays what people type.

    More threads would not be faster: they share one interpreter and, on SQLite, one writer.
    """

    def __init__(self) -> None:
        self._limits = {
            "desk": anyio.CapacityLimiter(2),  # commands
            "wall": anyio.CapacityLimiter(2),  # cards and pages
            "shelf": anyio.CapacityLimiter(4),  # picture files
            "sink": anyio.CapacityLimiter(1),  # uploads: cleaning one may take 200 MB for a moment
        }

    async def run(
        self, kind: str, work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments
    ) -> Result:
        return await anyio.to_thread.run_sync(work, *arguments, limiter=self._limits[kind])
