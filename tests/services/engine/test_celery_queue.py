"""The queue with a real Celery worker in a process of its own."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import redis

from chatelier.benchmarks.queue.queue_memory import measure_queue_memory
from engine.queue.celery_queue import CeleryQueue
from tests.support.generation_worker import HELD_UP, SERVED

PATIENCE_SECONDS = 300  # bounds a hang


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as made:
        yield made


@pytest.fixture
def queue(redis_url: str) -> Iterator[CeleryQueue]:
    made = CeleryQueue(redis_url)
    yield made
    made.close()


@pytest.fixture
def worker(redis_url: str, tmp_path, repository) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "tests.support.generation_worker"]
    database = f"sqlite:///{tmp_path / 'studio.sqlite3'}"
    process = subprocess.Popen([*command, redis_url, database, "1"], cwd=repository)
    yield process
    process.kill()
    process.wait()


def wait_for(condition, *, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen")
        time.sleep(0.02)


def test_a_job_with_a_lower_number_is_served_first(client, queue, worker):
    client.set(HELD_UP, "1")
    # One is being served, and one more is in the worker's hands already: prefetch is 1.
    for name in ("first", "second"):
        queue.enqueue(name, priority=0, model=None)
        wait_for(lambda: client.llen(SERVED) == 1, what="the first job")
    for name, priority in [("ninth", 9), ("fifth", 5), ("zeroth", 0)]:
        queue.enqueue(name, priority=priority, model=None)
    client.delete(HELD_UP)
    wait_for(lambda: client.llen(SERVED) == 5, what="all five jobs")
    assert client.lrange(SERVED, -2, -1) == ["fifth", "ninth"]


def test_the_queue_says_which_jobs_wait_in_it(client, redis_url):
    queue = CeleryQueue(redis_url, models=("large",))
    for name, priority, model in [("first", 0, None), ("last", 9, None), ("mine", 3, "large")]:
        queue.enqueue(name, priority=priority, model=model)
    client.lpush("paint", "damaged", "[]", '{"headers":null}')
    assert queue.waiting() == {"first", "last", "mine"}
    client.flushall()
    assert queue.waiting() == frozenset()
    queue.close()


def test_a_worker_serves_the_queues_of_the_models_it_holds(client, redis_url, tmp_path, repository):
    command = [sys.executable, "-m", "tests.support.generation_worker"]
    database = f"sqlite:///{tmp_path / 'studio.sqlite3'}"
    queue = CeleryQueue(redis_url, models=("large", "small"))
    process = subprocess.Popen([*command, redis_url, database, "1", "large"], cwd=repository)
    try:
        for name, model in [("common", None), ("other", "small"), ("strange", "gone"), ("mine", "large")]:
            queue.enqueue(name, priority=0, model=model)
        wait_for(lambda: client.llen(SERVED) == 1, what="the job of its model")
        assert client.lrange(SERVED, 0, -1) == ["mine"]
        assert (client.llen("paint"), client.llen("paint.small"), client.llen("paint.large")) == (2, 1, 0)
    finally:
        process.kill()
        process.wait()
        queue.close()


def test_a_queue_that_is_closed_leaves_no_connection_open(client, redis_url):
    before = len(client.client_list())
    for name in ("one", "two"):
        queue = CeleryQueue(redis_url)
        queue.enqueue(name, priority=0, model=None)
        queue.cancel(name)
        queue.close()
    wait_for(lambda: len(client.client_list()) <= before, what="the end of its connections")
    assert client.llen("paint") == 2


def test_a_message_that_cannot_be_read_does_not_end_the_worker(client, queue, worker):
    for damaged in ("garbage", b"\xff\xfe", "{}", "[]", "null", '{"body":"x","properties":{}}'):
        client.lpush("paint", damaged)
    queue.enqueue("whole", priority=0, model=None)
    wait_for(lambda: client.llen(SERVED) == 1, what="the job behind them")
    assert worker.poll() is None


def test_a_worker_ends_quietly_when_told_to(client, queue, worker):
    queue.enqueue("one", priority=0, model=None)
    wait_for(lambda: client.llen(SERVED) == 1, what="the job")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=PATIENCE_SECONDS) == 0


def test_a_job_whose_worker_was_killed_is_not_acknowledged(client, queue, worker):
    client.set(HELD_UP, "1")
    queue.enqueue("one", priority=0, model=None)
    wait_for(lambda: client.llen(SERVED) == 1, what="the job")
    worker.kill()
    worker.wait()
    assert client.hlen("unacked") == 1


def test_the_memory_of_waiting_jobs_and_of_events_is_measured(redis_url: str) -> None:
    figures = measure_queue_memory(redis_url, jobs=200, events=200)
    assert 500 < figures.job_bytes < 2000
    assert 50 < figures.event_bytes < 500
    assert figures.kept_events == 200
