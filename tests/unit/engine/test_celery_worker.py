"""What the workers change about Celery."""

import logging
import threading

import pytest
from celery import signals
from redis.exceptions import OutOfMemoryError, ResponseError

from engine.queue import celery_worker  # also for what it changes about Celery

HANG_SECONDS = 60


def test_a_shutdown_signal_that_interrupts_another_one_is_heard():
    """The kernel may send SIGTERM while Celery's handler of an earlier one holds the lock of its receivers."""
    heard = []

    def note(**_: object) -> None:
        heard.append(True)

    def interrupt() -> None:
        with signals.worker_shutting_down.lock:
            signals.worker_shutting_down.send(sender="tests")

    signals.worker_shutting_down.connect(note)
    interrupted = threading.Thread(target=interrupt, daemon=True)
    interrupted.start()
    interrupted.join(HANG_SECONDS)
    assert not interrupted.is_alive()
    signals.worker_shutting_down.disconnect(note)
    assert heard == [True]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ResponseError("MISCONF Redis is configured to save"), "refuses to write"),
        (OutOfMemoryError("command not allowed"), "refuses to write"),
        (ResponseError("WRONGTYPE Operation against a key"), "answers with an error"),
    ],
)
def test_only_a_redis_that_is_full_is_said_to_refuse(error, reason, caplog, monkeypatch):
    monkeypatch.setattr(celery_worker, "_REFUSED_SECONDS", 0)
    consumer = object.__new__(celery_worker._PersistentConsumer)
    with caplog.at_level(logging.WARNING):
        consumer.on_connection_error_after_connected(error)
    assert f"Redis {reason}, trying again: {error}" in caplog.text
