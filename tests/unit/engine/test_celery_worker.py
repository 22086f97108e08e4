"""What the workers change about Celery."""

import threading

from celery import signals

import engine.queue.celery_worker  # noqa: F401 - for what it changes about Celery

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
