"""The processes of an installation under load, in a home of their own on 127.0.0.1."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from chatelier.benchmarks.load.measured_process import SLEEPING_WORKER
from chatelier.runtime import embedded_redis
from chatelier.runtime.network import free_port, local_url
from chatelier.supervisor import parent_death_wrapper
from studio.errors import ServiceError

REDIS = "redis"
_START_SECONDS = 300.0  # bounds a hang
_STOP_SECONDS = 30.0
_BEAT_NICE, _WORKER_NICE = 5, 10  # as `chatelier up` has them
_MODULE = "chatelier.benchmarks.load.measured_process"
# Every person asks again and again, from this machine.
_LIMITS = {
    "PER_10_SECONDS": 10**5,
    "PER_HOUR": 10**6,
    "NEWCOMER_PER_HOUR": 10**6,
    "NEWCOMERS_PER_ADDRESS": 10**6,
    "COMMUNITY_PER_MINUTE": 10**6,
    "EVERYBODY_PER_MINUTE": 10**6,
    "MAX_OUTSTANDING_JOBS": 1000,
    "MIN_FREE_DISK_MIB": 0,
}


class Processes:
    """Started one by one, ended together with `stop`. They end too when this process is killed."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.home = home
        self.redis = embedded_redis.prepare(home / "redis")
        self.web_port = free_port()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CHATELIER_")},
            **{f"CHATELIER_LIMITS__{name}": str(value) for name, value in _LIMITS.items()},
            "CHATELIER_HOME": str(home),
            "CHATELIER_DATABASE_URL": database_url,
            "CHATELIER_REDIS_URL": self.redis.url,
            "CHATELIER_WEB__PORT": str(self.web_port),
            "CHATELIER_LOG__LEVEL": "warning",
            # All processes share few cores, as they do under `chatelier up`.
            "OMP_NUM_THREADS": "1",
        }

    @property
    def web_address(self) -> str:
        return local_url("127.0.0.1", self.web_port)

    async def start_redis(self) -> None:
        """Raises `ServiceError` when it does not answer, as all the others do."""
        self._launch(REDIS, [*self.redis.arguments], keep_open=(self.redis.lock,))
        await self._wait_until(REDIS, self.redis.answers)

    async def start(
        self, names: Sequence[str], workers: int, *, side_pixels: int, environment: Mapping[str, str]
    ) -> None:
        """Front ends by name, the sweeper and the workers, all at once. Raises `ServiceError`."""
        self._environment |= environment
        for name in names:
            self._launch(name, self._command(name, "run", name))
        self._launch("beat", self._command("beat", "beat"), nice=_BEAT_NICE)
        worker_names = [f"worker {number}" for number in range(1, workers + 1)]
        for name in worker_names:
            self._launch(name, self._command(name, SLEEPING_WORKER, str(side_pixels)), nice=_WORKER_NICE)
        for name in (*names, "beat", *worker_names):
            await self._wait_until(name, self._mark(name).exists)

    def _command(self, name: str, *arguments: str) -> list[str]:
        ready = ("--ready-file", str(self._mark(name)))
        return [sys.executable, "-m", _MODULE, str(self._sums(name)), *arguments, *ready]

    def _mark(self, name: str) -> Path:
        return self.home / f"{name}.ready"

    def _sums(self, name: str) -> Path:
        return self.home / f"{name}.sums"

    def _launch(
        self, name: str, command: Sequence[str], *, nice: int = 0, keep_open: Sequence[int] = ()
    ) -> None:
        """Ctrl-C is for this process alone: it ends the others itself."""
        wrapper = [sys.executable, parent_death_wrapper.__file__, str(os.getpid()), str(nice)]
        with (self.home / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [*wrapper, *command],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=keep_open,
            )

    async def _wait_until(self, name: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not is_ready():
            if self._running[name].poll() is not None or time.monotonic() > deadline:
                raise ServiceError(f"{name} did not start. Its last output: {self._log_of(name)}")
            await asyncio.sleep(0.05)

    def _log_of(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")[-1000:]

    def require_running(self) -> None:
        """Raises `ServiceError` when one has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ServiceError(
                    f"{name} ended with {process.returncode}. Its last output: {self._log_of(name)}"
                )

    def memory_mib(self) -> dict[str, float]:
        """Resident, by process, with what it keeps beside it."""
        return {name: sum(map(_resident_mib, _family(process))) for name, process in self._running.items()}

    def processor_seconds(self) -> dict[str, float]:
        """By process, with what it keeps beside it."""
        return {
            name: sum(map(_processor_seconds, _family(process))) for name, process in self._running.items()
        }

    def statement_sums(self) -> dict[str, float]:
        """What all processes together spent on their statements, at most half a second ago."""
        sums = {"statements": 0.0, "seconds": 0.0, "processor_seconds": 0.0}
        for name in self._running:
            with suppress(OSError, ValueError):
                found = json.loads(self._sums(name).read_text())
                sums = {key: value + found[key] for key, value in sums.items()}
        return sums

    def signal_workers(self, number: signal.Signals) -> None:
        for name, process in self._running.items():
            if name.startswith("worker"):
                os.killpg(process.pid, number)

    async def stop(self, names: Sequence[str]) -> None:
        """End some of them, while this process serves them on. Returns when they are gone."""
        await asyncio.to_thread(self._stop, names)

    async def close(self) -> None:
        """End all of them, Redis last."""
        try:
            await asyncio.to_thread(self._stop, [name for name in self._running if name != REDIS])
        finally:
            self._stop([*self._running])
            self.redis.close()

    def _stop(self, names: Sequence[str]) -> None:
        for name in names:
            _signal(self._running[name], signal.SIGCONT)
            _signal(self._running[name], signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for name in names:
            process = self._running.pop(name)
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """To its whole group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _family(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _resident_mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def _processor_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
