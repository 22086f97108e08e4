"""The kill switch over a real Redis and both databases: nothing new is accepted, what is painted stops and waits."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from engine.jobs.cancel_listener import ASIDE_CHANNEL, CancelListener
from engine.jobs.job_runner import JobRunner
from engine.jobs.leases import LeaseKeeper
from engine.queue.celery_queue import CeleryQueue
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import queries
from studio.domain.jobs import JobState
from studio.errors import CommunityPausedError, JobCancelledError
from studio.ports import Ports
from tests.support.case_sim import with_desk
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.worker_context import worker_context

_LONG_LEASE_SECONDS = 600  # so that no heartbeat helps: only the message can stop the job in time
_PATIENCE_SECONDS = 300  # bounds a hang


class SlowBrush:
    """Paints until it is told to stop."""

    def __init__(self) -> None:
        self.began, self.stopped = threading.Event(), threading.Event()

    def generate(self, order, *, on_progress, cancelled, on_picture=None):
        self.began.set()
        for _ in range(50 * _PATIENCE_SECONDS):
            if cancelled():
                self.stopped.set()
                raise JobCancelledError
            threading.Event().wait(0.02)
        raise AssertionError("nobody stopped it")


def wait_until_heard(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        for _ in range(50 * _PATIENCE_SECONDS):
            if client.pubsub_numsub(ASIDE_CHANNEL)[0][1]:
                return
            threading.Event().wait(0.02)
    pytest.fail("nobody listens")


@pytest.fixture
def instance(database_url: str, redis_url: str) -> Iterator[Ports]:
    made = fake_ports(database_url)
    queue = CeleryQueue(redis_url)
    yield with_desk(replace(made, queue=queue))
    queue.close()
    made.database.close()


def test_a_pause_lets_nothing_in_and_stops_what_is_painted_by_a_message(instance: Ports, redis_url: str):
    brush = SlowBrush()
    leases = LeaseKeeper(instance.database, worker="w1", lease_seconds=_LONG_LEASE_SECONDS)
    listener = CancelListener(redis_url, leases.cancel, on_aside=leases.set_aside)
    work = JobRunner(
        worker_context(instance),
        generator=brush,
        leases=leases,
    )
    ana = Call(person=someone("ana"), address=somewhere(), request_key="k:1")
    job = execute(instance, ana, "imagine", {"prompt": "a boat"}).job_id
    listener.start()
    wait_until_heard(redis_url)
    painting = threading.Thread(target=work.run, args=[job])
    painting.start()
    try:
        assert brush.began.wait(_PATIENCE_SECONDS)
        mod = Call(person=someone("mod", moderator=True), address=somewhere(), request_key="k:2")
        execute(instance, mod, "community", {"setting": "pause"})
        with pytest.raises(CommunityPausedError):
            execute(instance, replace(ana, request_key="k:3"), "imagine", {"prompt": "a pear"})
        assert brush.stopped.wait(_PATIENCE_SECONDS)
    finally:
        painting.join(timeout=_PATIENCE_SECONDS)
        listener.stop()
    with instance.database.read() as session:
        waiting = queries.find_job(session, job)
    assert (waiting.state, waiting.attempts) == (JobState.QUEUED, 0)
