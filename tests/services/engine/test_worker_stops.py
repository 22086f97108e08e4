"""What a worker holds when Redis goes away, and when the worker ends: nothing waits for its longest job."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from engine.queue.celery_queue import CeleryQueue
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.ports import Ports
from tests.support.fakes import someone, somewhere

PATIENCE_SECONDS = 120  # bounds a hang
WAIT_SECONDS = 60  # for what takes seconds, on a slow and busy machine; nobody else sends a job again here


class Workers:
    """Workers by name, and what they did; `queue` is the real one on Redis."""

    def __init__(self, ports: Ports, redis_url: str, folder: Path, repository: Path) -> None:
        self.ports = replace(ports, queue=CeleryQueue(redis_url))
        self.client = redis.Redis.from_url(redis_url)
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


@pytest.fixture
def workers(ports: Ports, redis_url: str, tmp_path: Path, repository: Path) -> Iterator[Workers]:
    folder = tmp_path / "begun"
    folder.mkdir()
    made = Workers(ports, redis_url, folder, repository)
    yield made
    made.close()


def wait_for(condition: Callable[[], object], *, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen")
        time.sleep(0.02)


def test_a_worker_serves_others_soon_after_redis_died_under_its_longest_job(workers: Workers, redis_server):
    workers.start("one", threads=2)
    long = workers.ask()
    wait_for(lambda: workers.has_begun(long, "one"), what="the first job")
    redis_server.kill()
    redis_server.start()
    other = workers.ask()
    wait_for(lambda: workers.has_begun(other, "one"), what="the second job", seconds=WAIT_SECONDS)
    assert workers.state_of(long) is JobState.PAINTING
    (workers.folder / "go").touch()
    wait_for(lambda: workers.state_of(long) is JobState.DONE, what="the end of the first job")
    third = workers.ask()
    wait_for(lambda: workers.state_of(third) is JobState.DONE, what="a job after all that")
    workers.processes["one"].send_signal(signal.SIGTERM)
    assert workers.processes["one"].wait(PATIENCE_SECONDS) == 0


def test_a_worker_whose_jobs_all_ended_while_redis_was_away_serves_others_afterwards(
    workers: Workers, redis_server
):
    workers.start("one")
    job = workers.ask()
    wait_for(lambda: workers.has_begun(job, "one"), what="the job")
    redis_server.kill()
    (workers.folder / "go").touch()
    wait_for(lambda: workers.state_of(job) is JobState.DONE, what="the end of the job")
    redis_server.start()
    other = workers.ask()
    wait_for(lambda: workers.state_of(other) is JobState.DONE, what="another job", seconds=WAIT_SECONDS)
    reason = "message not acknowledged: the connection of this channel was closed"
    wait_for(lambda: reason in workers.said("one"), what="the line about the lost acknowledgement")
    assert "Traceback" not in workers.said("one")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_job_of_a_worker_that_is_told_to_end_is_there_for_the_next_one(
    workers: Workers, number: signal.Signals
):
    workers.start("one", threads=2)  # it asks Redis for another job while it paints
    job = workers.ask()
    wait_for(lambda: workers.has_begun(job, "one"), what="the job")
    wait_for(workers.is_listening, what="its wait for another job")
    workers.processes["one"].send_signal(number)
    assert workers.processes["one"].wait(PATIENCE_SECONDS) == 0
    assert workers.state_of(job) is JobState.QUEUED
    workers.start("two")
    wait_for(lambda: workers.has_begun(job, "two"), what="the job, once more", seconds=WAIT_SECONDS)
    (workers.folder / "go").touch()
    wait_for(lambda: workers.state_of(job) is JobState.DONE, what="the end of the job")


def test_a_worker_that_fails_gives_its_jobs_back_and_says_so_by_its_exit_status(
    workers: Workers, redis_server
):
    workers.start("one")
    job = workers.ask()
    wait_for(lambda: workers.has_begun(job, "one"), what="the job")
    (workers.folder / "defect").touch()
    redis_server.kill()
    redis_server.start()
    assert workers.processes["one"].wait(PATIENCE_SECONDS) > 0
    assert workers.state_of(job) is JobState.QUEUED
    with workers.ports.database.read() as session:
        assert session.get_one(JobRow, job).attempts == 0
