"""What a worker holds when Redis goes away, and when the worker ends: nothing waits for its longest job."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.ports import Ports
from tests.support.stepwise_workers import PATIENCE_SECONDS, Workers, wait_for

WAIT_SECONDS = 60  # for what takes seconds, on a slow and busy machine; nobody else sends a job again here


@pytest.fixture
def workers(ports: Ports, redis_url: str, tmp_path: Path, repository: Path) -> Iterator[Workers]:
    folder = tmp_path / "begun"
    folder.mkdir()
    made = Workers(ports, redis_url, folder, repository)
    yield made
    made.close()


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


@pytest.mark.thorough("15")
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
