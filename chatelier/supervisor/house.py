"""Starts programs stage by stage, starts again what dies, and ends all in good order."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

from rich.console import Console

from chatelier.supervisor.output import Output, Terminal
from chatelier.supervisor.program import Program, backoff_seconds
from studio.errors import Trouble

_POLL_SECONDS = 0.1
_STEADY_SECONDS = 20.0  # whoever lives this long has started well
_FAILED_STARTS = 3


class StartFailed(Trouble):
    """A program did not come up at all; the sentence says why, in its own last words."""

    code = "start"


class House:
    """`say` gets one line for people about what happens, `changed` the process ids after each start."""

    def __init__(
        self,
        stages: Sequence[Sequence[Program]],
        *,
        console: Console,
        logs_folder: Path,
        say: Callable[[str], None],
        changed: Callable[[dict[str, int]], None],
        quiet: bool = False,
    ) -> None:
        terminal = Terminal(console, [program.name for stage in stages for program in stage])
        self._stages = [
            [
                _Ward(
                    program,
                    Output(
                        program.name,
                        terminal=None if quiet or not program.talkative else terminal,
                        folder=logs_folder,
                    ),
                    say=say,
                    changed=self._changed,
                )
                for program in stage
            ]
            for stage in stages
        ]
        self._report = changed
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()

    async def run(self, *, opened: Callable[[], None]) -> None:
        """Start the stages in order, call `opened`, and stay until `stop`. Raises `StartFailed`.

        The programs of one stage start together. All have ended when this returns or raises.
        """
        tasks: list[asyncio.Task[None]] = []
        try:
            for stage in self._stages:
                tasks += [asyncio.create_task(ward.keep_alive()) for ward in stage]
                await self._until_ready(stage, tasks)
                if self._stopping.is_set():
                    return
            opened()
            await self._stop_or_failure(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._end()

    def stop(self) -> None:
        """End everything in good order; the second call ends it at once."""
        if self._stopping.is_set():
            self._at_once.set()
        self._stopping.set()

    async def _until_ready(self, wards: Sequence["_Ward"], tasks: Sequence[asyncio.Task[None]]) -> None:
        ready = asyncio.create_task(_all_ready(wards))
        try:
            await self._stop_or_failure([*tasks, ready])
        finally:
            ready.cancel()

    async def _stop_or_failure(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Until one of the tasks ends or somebody says stop; what a task raised is raised here."""
        stopping = asyncio.create_task(_wait(self._stopping))
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in done:
            task.result()

    async def _end(self) -> None:
        """The last stage first: nobody loses what they stand on."""
        for stage in reversed(self._stages):
            await asyncio.gather(*(ward.end(self._at_once) for ward in stage))
        for ward in chain(*self._stages):
            ward.output.close()

    def _changed(self) -> None:
        self._report({ward.program.name: ward.pid for ward in chain(*self._stages) if ward.pid})


class _Ward:
    """One program, its process of the moment, and its output."""

    def __init__(
        self, program: Program, output: Output, *, say: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self.program = program
        self.output = output
        self.ready = asyncio.Event()
        self._say = say
        self._changed = changed
        self._process: Process | None = None
        self._following: asyncio.Task[None] | None = None
        self._failures = 0
        self._was_ready = False

    @property
    def pid(self) -> int:
        return self._process.pid if self._process and self._process.returncode is None else 0

    async def keep_alive(self) -> None:
        """Start the program whenever it is not running. Raises `StartFailed` if it never once comes up."""
        while True:
            started_at = time.monotonic()
            process = await self._start()
            watching = asyncio.create_task(self._watch_readiness(process))
            try:
                code = await process.wait()
            finally:
                watching.cancel()
            self._bury(process)
            self._process = None
            lived_seconds = time.monotonic() - started_at
            self._failures = 1 if lived_seconds > _STEADY_SECONDS else self._failures + 1
            if not self._was_ready and self._failures >= _FAILED_STARTS:
                raise StartFailed(self._last_words(code))
            wait_seconds = backoff_seconds(self._failures)
            self._say(
                f"{self.program.name} ended ({_ending(code)}); starting it again in {wait_seconds:g} s."
            )
            await asyncio.sleep(wait_seconds)

    async def end(self, at_once: asyncio.Event) -> None:
        """SIGTERM to the program's group, SIGKILL after its grace or as soon as `at_once` is set."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            _signal(process, signal.SIGTERM)
            ended = asyncio.create_task(_done(process))
            hurry = asyncio.create_task(_wait(at_once))
            await asyncio.wait(
                [ended, hurry], timeout=self.program.stop_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            hurry.cancel()
            if not ended.done():
                self._say(f"{self.program.name} did not end in time and was stopped.")
        self._bury(process)
        await process.wait()
        if self._following:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._following, timeout=2)

    async def _start(self) -> Process:
        self.output.last_lines.clear()
        self._process = await asyncio.create_subprocess_exec(
            *self.program.leashed(),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, **self.program.environment},
            pass_fds=self.program.keep_open,
            start_new_session=True,  # Ctrl-C reaches only us, and we end the others in good order
        )
        if self._process.stdout is not None:
            self._following = asyncio.create_task(self.output.follow(self._process.stdout))
        self._changed()
        return self._process

    async def _watch_readiness(self, process: Process) -> None:
        while not await asyncio.to_thread(self.program.is_ready, process.pid):  # noqa: ASYNC110 - another process
            await asyncio.sleep(_POLL_SECONDS)
        self._say(f"{self.program.name} is {'back' if self._was_ready else 'ready'}.")
        self._was_ready = True
        self.ready.set()

    def _bury(self, process: Process) -> None:
        """Whatever the program started itself goes with it."""
        self.ready.clear()
        _signal(process, signal.SIGKILL)

    def _last_words(self, code: int) -> str:
        words = "\n  ".join(list(self.output.last_lines)[-5:])
        name, path = self.program.name, self.output.path
        return f"{name} does not start ({_ending(code)}). It said last:\n  {words}\nMore: {path}"


def _signal(process: Process, number: signal.Signals) -> None:
    """To the whole group: the process leads a session of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _ending(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


async def _all_ready(wards: Sequence[_Ward]) -> None:
    await asyncio.gather(*(ward.ready.wait() for ward in wards))


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _done(process: Process) -> None:
    await process.wait()
