"""Starts programs stage by stage, starts again what dies, and shuts all down cleanly."""

import asyncio
import math
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

from rich.console import Console

from chatelier.supervisor.output import Output, Terminal
from chatelier.supervisor.process_handle import Process
from chatelier.supervisor.program_spec import Program, backoff_seconds
from studio.errors import ServiceError

_POLL_SECONDS = 0.1
_STEADY_SECONDS = 20.0  # a program that is up for this long has started well
_FAILED_STARTS = 3
_REMIND_SECONDS = 60.0
_LIVENESS_SECONDS = 5.0
_LAST_WORDS_SECONDS = 2.0


class ProcessStartError(ServiceError):
    """A program did not come up at all; the sentence says why, in its own last words."""

    code = "start"


class Supervisor:
    """`say` gets one line for people about what happens, `changed` the process ids after each start.

    What the programs print goes to their files, and to the `console` where there is one.

    A program that was ready and sends no heartbeat for `hang_seconds` is stopped and started again.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[Program]],
        *,
        console: Console | None,
        logs_folder: Path,
        say: Callable[[str], None],
        changed: Callable[[dict[str, int]], None],
        hang_seconds: float,
    ) -> None:
        names = [program.name for stage in stages for program in stage]
        terminal = Terminal(console, names) if console else None
        self._stages = [
            [
                _Ward(
                    program,
                    Output(
                        program.name,
                        terminal=terminal if program.talkative else None,
                        folder=logs_folder,
                    ),
                    say=say,
                    changed=self._report_change,
                    hang_seconds=hang_seconds,
                )
                for program in stage
            ]
            for stage in stages
        ]
        self._report = changed
        self._say = say
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()

    async def run(self, *, opened: Callable[[], None]) -> None:
        """Start the stages in order, call `opened`, and stay until `stop`.

        The programs of one stage start together. All have ended when this returns or raises. Raises `ProcessStartError`
        for a program that is not optional.
        """
        tasks: list[asyncio.Task[None]] = []
        try:
            for stage in self._stages:
                tasks += [asyncio.create_task(ward.run_forever()) for ward in stage]
                awaited = [ward for ward in stage if ward.program.awaited or not ward.program.optional]
                await self._until_ready(awaited, tasks)
                if self._stopping.is_set():
                    return
            opened()
            await self._stop_or_failure(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._end()

    @property
    def absent(self) -> list[str]:
        """The names of the programs that are not ready at this moment."""
        return [ward.program.name for ward in chain(*self._stages) if not ward.ready.is_set()]

    def stop(self) -> None:
        """Shut everything down cleanly; the second call ends it at once."""
        if self._stopping.is_set():
            self._at_once.set()
        self._stopping.set()

    async def _until_ready(self, wards: Sequence["_Ward"], tasks: Sequence[asyncio.Task[None]]) -> None:
        ready = asyncio.create_task(_all_settled(wards))
        reminder = asyncio.create_task(self._remind(wards))
        try:
            await self._stop_or_failure([*tasks, ready])
        finally:
            ready.cancel()
            reminder.cancel()

    async def _remind(self, wards: Sequence["_Ward"]) -> None:
        """Nobody sits before a silent screen for long."""
        while True:
            await asyncio.sleep(_REMIND_SECONDS)
            late = [ward for ward in wards if not ward.ready.is_set()]
            logs = ", ".join(str(ward.output.path) for ward in late)
            self._say(f"Still waiting for {' and '.join(ward.program.name for ward in late)}. See {logs}")

    async def _stop_or_failure(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Until one of the tasks ends or `stop` is called; an error of a task is raised here."""
        stopping = asyncio.create_task(_wait(self._stopping))
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in done:
            task.result()

    async def _end(self) -> None:
        """The last stage first: no program loses what it depends on."""
        for stage in reversed(self._stages):
            await asyncio.gather(*(ward.end(self._at_once) for ward in stage))
        for ward in chain(*self._stages):
            ward.output.close()

    def _report_change(self) -> None:
        self._report({ward.program.name: ward.pid for ward in chain(*self._stages) if ward.pid})


class _Ward:
    """One program, its process of the moment, and its output."""

    def __init__(
        self,
        program: Program,
        output: Output,
        *,
        say: Callable[[str], None],
        changed: Callable[[], None],
        hang_seconds: float,
    ) -> None:
        self.program = program
        self.output = output
        self.ready = asyncio.Event()
        self.settled = asyncio.Event()  # it was ready once, or is let go
        self._say = say
        self._report_change = changed
        self._hang_seconds = hang_seconds
        self._process: Process | None = None
        self._failures = 0
        self._was_ready = False
        self._ready_at = math.inf  # of the process of the moment, on the monotonic clock

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    async def run_forever(self) -> None:
        """Start the program whenever it is not running.

        If it never once comes up, an optional one is let go with a word; for any other raises `ProcessStartError`.
        """
        while True:
            process = await self._start()
            watching = asyncio.create_task(self._watch(process))
            try:
                code = await process.wait_for_end()
            finally:
                watching.cancel()
            # Counted from when it was up: one that needs long to fail has failed all the same.
            was_steady = time.monotonic() - self._ready_at > _STEADY_SECONDS
            await self._bury(process)
            self._failures = 1 if was_steady else self._failures + 1
            if not self._was_ready and self._failures >= _FAILED_STARTS:
                if not self.program.optional:
                    raise ProcessStartError(self._last_words(code))
                self._say(
                    f"{self._last_words(code)}\nThe other processes keep running. Fix the problem and restart."
                )
                self.settled.set()
                await asyncio.Event().wait()  # until the shutdown
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
        process.signal(signal.SIGTERM)
        ended = asyncio.create_task(process.wait_for_end())
        hurry = asyncio.create_task(_wait(at_once))
        await asyncio.wait(
            [ended, hurry], timeout=self.program.stop_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        hurry.cancel()
        if not ended.done():
            self._say(f"{self.program.name} did not end in time and was stopped.")
        await self._bury(process)
        await ended

    async def _start(self) -> Process:
        self.output.last_lines.clear()
        self._ready_at = math.inf
        started = asyncio.ensure_future(self._execute())
        try:
            self._process = await asyncio.shield(started)
        except asyncio.CancelledError:
            self._process = await started  # it runs already: a shutdown ends it cleanly too
            raise
        self._report_change()
        return self._process

    async def _execute(self) -> Process:
        _, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: Process(self.output),
            *self.program.wrapped_command(),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, **self.program.environment},
            pass_fds=self.program.keep_open,
            start_new_session=True,  # Ctrl-C reaches only us, and we end the others cleanly
        )
        return process

    async def _watch(self, process: Process) -> None:
        await self._watch_readiness(process)
        if self.program.sign_of_life:
            await self._watch_liveness(self.program.sign_of_life)
            self._say(f"{self.program.name} hangs: no heartbeat for {self._hang_seconds:g} s. It is stopped.")
            process.signal(signal.SIGKILL)

    async def _watch_liveness(self, sign_of_life: Callable[[], object]) -> None:
        """Until it stays the same for many times in a row."""
        # Counted, not timed: after the machine has slept, every program gets the time anew.
        checks = math.ceil(self._hang_seconds / _LIVENESS_SECONDS)
        seen, silent = await asyncio.to_thread(sign_of_life), 0
        while silent < checks:
            await asyncio.sleep(_LIVENESS_SECONDS)
            sign = await asyncio.to_thread(sign_of_life)
            silent = silent + 1 if sign == seen else 0
            seen = sign

    async def _watch_readiness(self, process: Process) -> None:
        while not await asyncio.to_thread(self.program.is_ready, process.pid):  # noqa: ASYNC110 - another process
            await asyncio.sleep(_POLL_SECONDS)
        self._say(f"{self.program.name} is {'back' if self._was_ready else 'ready'}.")
        self._was_ready, self._ready_at = True, time.monotonic()
        self.ready.set()
        self.settled.set()

    async def _bury(self, process: Process) -> None:
        """Whatever the program started itself goes with it; then its last words are read."""
        self.ready.clear()
        process.signal(signal.SIGKILL)
        await process.silent(timeout_seconds=_LAST_WORDS_SECONDS)
        self._process = None

    def _last_words(self, code: int) -> str:
        words = "\n  ".join(list(self.output.last_lines)[-5:])
        name, path = self.program.name, self.output.path
        return f"{name} does not start ({_ending(code)}). Its last output:\n  {words}\nMore: {path}"


def _ending(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


async def _all_settled(wards: Sequence[_Ward]) -> None:
    await asyncio.gather(*(ward.settled.wait() for ward in wards))


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
