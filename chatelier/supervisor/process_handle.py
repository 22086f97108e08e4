"""A running program, its output and its end."""

import asyncio
import contextlib
import os
import signal
from typing import cast

from chatelier.supervisor.output import Output


class Process(asyncio.SubprocessProtocol):
    """A running program, leader of a session and process group of its own.

    asyncio's own `Process.wait` also waits until the pipe is closed, which a child of the program may hold open long
    after the program died. Here the two are apart.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._silent = asyncio.Event()
        self.pid = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, _descriptor: int, data: bytes | str) -> None:
        self._output.feed(data if isinstance(data, bytes) else data.encode())

    def pipe_connection_lost(self, _descriptor: int, _error: Exception | None) -> None:
        self._output.finish()
        self._silent.set()

    def process_exited(self) -> None:
        if not self._code.done():
            self._code.set_result(self._transport.get_returncode() or 0)

    async def wait_for_end(self) -> int:
        """The exit status, negative for a signal, as soon as the program itself has ended."""
        return await asyncio.shield(self._code)

    async def silent(self, *, timeout_seconds: float) -> None:
        """Until nobody can write any more."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._silent.wait(), timeout_seconds)
        self._transport.close()

    def signal(self, number: signal.Signals) -> None:
        """To the whole group; the group is gone when its last process is."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
