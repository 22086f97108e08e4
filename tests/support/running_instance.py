"""`chatelier up` as people run it: real processes in a home of its own, which a test may hurt."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from tests.support.tiny_models import NATIVE_PIXELS

WAIT_SECONDS = 300.0  # bounds a hang; how fast the machine is says nothing


def is_over(process: psutil.Process) -> bool:
    """Whether it has ended, also when nobody took note of its end."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def end_soon(processes: Iterable[psutil.Process]) -> bool:
    """Whether all of them come to their end. The kernel takes a moment for what was killed."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (over := all(is_over(process) for process in processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return over


def until_written(client: redis.Redis) -> None:
    """Until the server has given its append-only file to the kernel, where it outlives a kill of the server."""
    deadline = time.monotonic() + WAIT_SECONDS
    while client.info("persistence")["aof_buffer_length"]:
        assert time.monotonic() < deadline, "the append-only file was not written"
        time.sleep(0.02)


class RunningInstance:
    """`chatelier up` on `home`. With `tiny_model`, that folder's model paints; else the bundled one, in few steps.

    `options` are those of its command line.
    """

    def __init__(
        self, home: Path, tiny_model: Path | None = None, *, options: Sequence[str] = (), **settings: str
    ) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHATELIER_")}
        own = {"CHATELIER_HOME": str(home), "CHATELIER_WEB__PORT": "0"}
        if tiny_model:
            size = f"width = {NATIVE_PIXELS}\nheight = {NATIVE_PIXELS}\nsteps = 2\n"
            (home / "models.toml").write_text(f'["tiny"]\nsource = "{tiny_model}"\nfamily = "sd"\n{size}')
            own["CHATELIER_MODEL"] = "tiny"
        else:
            (home / "models.toml").write_text("[thimble]\nsteps = 4\n")
        self.environment = clean | own | settings
        self.log = home.parent / f"{home.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "chatelier", "up", *options],
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    @property
    def note(self) -> dict[str, Any]:
        """What the instance has written down of itself; empty before it has."""
        try:
            facts: dict[str, Any] = json.loads((self.home / "run" / "up.json").read_text())
        except (OSError, ValueError):
            return {}
        return facts if facts.get("pid") == self.process.pid else {}  # not that of an earlier one

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, condition: Callable[[], bool], what: str, *, seconds: float = WAIT_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{what} did not happen:\n{self.said[-4000:]}", pytrace=False)
            time.sleep(0.1)

    def wait_until_open(self) -> "RunningInstance":
        self.wait(lambda: bool(self.note.get("open")), "the opening")
        return self

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def process_of(self, name: str, *, but: int = 0) -> int:
        """The id of the process that runs a program, and not `but`. While none runs, it is waited for."""
        found = 0

        def runs() -> bool:
            nonlocal found
            found = self.note.get("processes", {}).get(name, 0)
            return found not in (0, but)

        self.wait(runs, f"a running {name}")
        return found

    def wait_until_ready(self, name: str) -> None:
        """Until the supervisor has said so. Before, it does not watch the program for signs of life."""

        def is_ready() -> bool:
            words = (f"{name} is ready.", f"{name} is back.", f"{name} ended")
            lines = [line for line in self.said.splitlines() if line.startswith(words)]
            return bool(lines) and not lines[-1].startswith(words[-1])

        self.wait(is_ready, f"a ready {name}")

    def kill(self, name: str) -> None:
        """SIGKILL to one program, and wait until another runs in its place."""
        process = self.process_of(name)
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        self.process_of(name, but=process)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=WAIT_SECONDS)

    def clear_away(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=WAIT_SECONDS)
