"""Painting workers in processes of their own, as tests start them, ask them for pictures and watch them."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from redis.sentinel import Sentinel

from engine.queue.celery_queue import CeleryQueue
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.ports import Ports
from studio.redis_address import open_client
from tests.support.fakes import someone, somewhere

PATIENCE_SECONDS = 120  # bounds a hang


class Workers:
    """Workers by name, and what they did; `queue` is the real one on Redis."""

    def __init__(self, ports: Ports, redis_url: str, folder: Path, repository: Path) -> None:
        self.ports = replace(ports, queue=CeleryQueue(redis_url))
        self.client = open_client(redis_url, redis.Redis, Sentinel)
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._redis_url = redis_url
        self._repository = repository

    def start(self, name: str, *, threads: int = 1) -> None:
        database = self.ports.database.url.render_as_string(hide_password=False)
        module = "tests.support.stepwise_worker"
        command = [sys.executable, "-m", module, self._redis_url, database, str(self.folder), name]
        with self._log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*command, str(threads)], cwd=self._repository, stdout=log, stderr=log
            )

    def said(self, name: str) -> str:
        return self._log(name).read_text(errors="replace")

    def _log(self, name: str) -> Path:
        return self.folder.with_name(f"{name}.log")

    def ask(self) -> str:
        number = sum(1 for _ in self.folder.iterdir())
        call = Call(person=someone("ana"), address=somewhere(), request_key=f"{number}:{time.monotonic_ns()}")
        return execute(self.ports, call, "imagine", {"prompt": "a red apple", "count": 1}).job_id

    def has_begun(self, job: str, name: str) -> bool:
        return (self.folder / f"{job}.{name}").exists()

    def state_of(self, job: str) -> JobState:
        with self.ports.database.read() as session:
            return JobState(session.get_one(JobRow, job).state)

    def is_listening(self) -> int:
        """How many workers wait for a message."""
        return sum(client["cmd"] == "brpop" for client in self.client.client_list())

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.client.close()
        self.ports.queue.close()  # type: ignore[attr-defined]


def wait_for(condition: Callable[[], object], *, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen")
        time.sleep(0.02)
