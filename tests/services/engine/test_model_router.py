"""Workers that choose their models: two real Celery workers on one Redis."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import redis

from engine.queue.celery_queue import CeleryQueue
from engine.queue.model_router import KEY
from tests.support.generation_worker import HELD_UP, SERVED

PATIENCE_SECONDS = 120  # bounds a hang
MODELS = ("x", "y", "z")


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as made:
        yield made


class Fleet:
    def __init__(self, client: redis.Redis, redis_url: str, folder: Path, repository: Path) -> None:
        self.client, self._url, self._folder, self._repository = client, redis_url, folder, repository
        self.queue = CeleryQueue(redis_url, models=MODELS)
        self._numbers = count(1)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, warm: str) -> None:
        database = f"sqlite:///{self._folder / 'studio.sqlite3'}"
        command = [sys.executable, "-m", "tests.support.routed_worker", self._url, database, name]
        self._processes[name] = subprocess.Popen([*command, ",".join(MODELS), warm], cwd=self._repository)
        self.until(lambda: name in self.client.hgetall(KEY), what=f"worker {name}")

    def kill(self, name: str) -> None:
        self._processes[name].kill()
        self._processes[name].wait()

    def ask(self, model: str, jobs: int = 1) -> None:
        for _ in range(jobs):
            self.queue.enqueue(f"{model}-{next(self._numbers)}", priority=0, model=model)

    def served(self) -> list[str]:
        return self.client.lrange(SERVED, 0, -1)

    def until(self, holds: Callable[[], object], *, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                pytest.fail(f"{what} did not come: {self.served()}")
            time.sleep(0.02)

    def close(self) -> None:
        for name in self._processes:
            self.kill(name)
        self.queue.close()


@pytest.fixture
def fleet(client: redis.Redis, redis_url: str, tmp_path: Path, repository: Path) -> Iterator[Fleet]:
    made = Fleet(client, redis_url, tmp_path, repository)
    yield made
    made.close()


def test_a_job_goes_where_its_model_is_loaded_and_spills_over_when_that_takes_longer_than_a_load(
    fleet: Fleet,
) -> None:
    fleet.start("one", "x")
    fleet.start("two", "y")
    fleet.ask("x", 3)
    fleet.ask("y", 3)
    fleet.until(lambda: len(fleet.served()) == 6, what="six jobs")
    assert sorted(fleet.served()) == ["one x"] * 3 + ["two y"] * 3

    fleet.ask("z")
    fleet.until(lambda: len(fleet.served()) == 7, what="the job of a model that nobody has")
    fleet.ask("z", 2)
    fleet.until(lambda: len(fleet.served()) == 9, what="two more")
    (loader, _), *others = (line.split() for line in fleet.served()[6:])
    assert others == [[loader, "z"]] * 2, "one worker loaded it"

    fleet.client.set(HELD_UP, "1")
    fleet.ask("x", 30)
    fleet.until(lambda: "two x" in fleet.served(), what="another worker for so many jobs")
    fleet.client.delete(HELD_UP)
    fleet.until(lambda: len(fleet.served()) == 39, what="all jobs")


def test_the_jobs_of_a_worker_that_was_killed_are_served_by_another(fleet: Fleet) -> None:
    fleet.start("one", "x")
    fleet.start("two", "y")
    fleet.kill("one")
    fleet.ask("x", 2)
    fleet.until(lambda: fleet.served() == ["two x"] * 2, what="the jobs of the dead worker's model")
