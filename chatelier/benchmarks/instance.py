"""`chatelier up` in a home of its own, opened, weighed and closed again by a measurement."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from studio.errors import ServiceError

_MOST_SECONDS_TO_OPEN = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningInstance:
    """A running studio. `ready_seconds` passed from the command to the open door."""

    home: Path
    process: "subprocess.Popen[bytes]"
    ready_seconds: float

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.home / "run" / "up.json").read_text())
        return state

    @property
    def address(self) -> str:
        return str(self.state["url"])

    def memory_mib(self) -> dict[str, float]:
        """Proportional set size per program (shared pages are counted once over all), in MiB.

        The processes that a program keeps beside it follow it, each by its task.
        """
        found = {"up": _proportional_mib(psutil.Process(self.process.pid))}
        for name, number in self.state["processes"].items():
            program = psutil.Process(number)
            found[name] = _proportional_mib(program)
            for child in program.children(recursive=True):
                task = f"{name}: {_task(child)}"
                found[task] = found.get(task, 0.0) + _proportional_mib(child)
        return found


@contextmanager
def start_instance(model: str | None = None) -> Iterator[RunningInstance]:
    """Raises `ServiceError` with the last lines of the log when the installation does not start."""
    with TemporaryDirectory(prefix="chatelier-bench-") as folder:
        home = Path(folder)
        log = home / "up.log"
        started_at = time.monotonic()
        process = _start(home, log, model)
        try:
            _wait_for_the_door(process, log)
            yield RunningInstance(home=home, process=process, ready_seconds=time.monotonic() - started_at)
        finally:
            _close(process)


def _start(home: Path, log: Path, model: str | None) -> "subprocess.Popen[bytes]":
    environment = os.environ | {
        "CHATELIER_HOME": str(home),
        "CHATELIER_WEB__PORT": "0",
        "CHATELIER_LIMITS__MAX_OUTSTANDING_JOBS": "100",
        "CHATELIER_LIMITS__NEWCOMERS_PER_ADDRESS": "1000",  # all of them come from this machine
    }
    if model:
        environment["CHATELIER_MODEL"] = model
    for name in ("CHATELIER_REDIS_URL", "CHATELIER_DATABASE_URL", "CHATELIER_STORAGE_URL"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "chatelier", "up"]
    with log.open("wb") as output:
        return subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True
        )


def _wait_for_the_door(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _MOST_SECONDS_TO_OPEN
    while "Chatelier is running" not in (replies := log.read_text(errors="replace")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServiceError(f"The instance did not start. Its last output: {replies[-1000:]}")
        time.sleep(0.05)


def _close(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def _task(process: psutil.Process) -> str:
    """Of a subprocess, the module whose task it runs."""
    named = (argument for argument in process.cmdline() if argument.endswith(":answer"))
    return next(named, "another process").removesuffix(":answer")


def _proportional_mib(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss) / 2**20
