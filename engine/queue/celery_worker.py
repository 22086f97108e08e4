"""A Celery worker in this process: painting, or maintenance."""

import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty
from threading import RLock
from typing import Any

from celery import Celery, bootsteps, signals
from celery.exceptions import WorkerShutdown
from celery.platforms import EX_FAILURE
from celery.worker.consumer import Consumer
from kombu.common import ignore_errors
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

from engine.jobs.cancel_listener import CancelListener
from engine.jobs.leases import LeaseKeeper
from engine.queue.celery_app import MAINTENANCE_QUEUE, PAINT_QUEUE
from engine.queue.model_router import ModelRouter

_REFUSED_SECONDS = 2.0
_FULL = ("MISCONF", "OOM", "READONLY")
_FULL_ERRORS = (OutOfMemoryError, ReadOnlyError)  # whose texts lack the first word
_RECONNECT_SECONDS = 4.0  # the longest pause between two attempts; Celery's own grows to 30 s

log = logging.getLogger(__name__)

# Celery sends this from its handlers of SIGTERM and SIGINT, under a lock that a thread cannot take twice: a signal that
# interrupted another one's handler left the worker hanging. A killed supervisor may cause several at once.
signals.worker_shutting_down.lock = RLock()  # type: ignore[attr-defined]


def run_painting(
    app: Celery,
    leases: LeaseKeeper,
    listener: CancelListener,
    *,
    threads: int,
    queues: Sequence[str] = (PAINT_QUEUE,),
    router: ModelRouter | None = None,
) -> None:
    """Serve paint tasks until SIGTERM or SIGINT; what is being painted then goes back to the queue.

    A `router` chooses from which queues at each moment; without one they stay as they are.

    Raises `WorkerShutdown`, a `SystemExit` with a status above 0, when the worker ended without being asked to.
    """
    app.steps["worker"].add(_give_back_step(leases))
    leases.start()
    listener.start()
    if router is not None:
        queues = router.first_queues()
        app.steps["worker"].add(_routing_step(router))
    try:
        _run(app, queues=queues, threads=threads)
    finally:
        listener.stop()
        leases.close()


def run_periodic_tasks(app: Celery, *, schedule_file: str) -> None:
    """Serve the sweeps, with the beat inside, until SIGTERM or SIGINT. Raises as `run_painting`."""
    # The hourly chores may take minutes, and no lease that ran out shall wait for them.
    _run(app, queues=[MAINTENANCE_QUEUE], threads=2, beat=True, schedule_filename=schedule_file)


def _run(app: Celery, *, queues: Sequence[str], threads: int, **options: Any) -> None:
    worker = app.Worker(
        pool="threads",
        concurrency=threads,
        queues=list(queues),
        consumer_cls=_PersistentConsumer,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
        **options,
    )
    end_requested = False

    def note(**_: object) -> None:
        nonlocal end_requested
        end_requested = True

    signals.worker_shutting_down.connect(note)
    worker.start()
    if not end_requested:
        raise WorkerShutdown(worker.exitcode or EX_FAILURE)


class _PersistentConsumer(Consumer):
    """Connects again soon after Redis is back, however long it was away or refused what a worker asks for."""

    def ensure_connected(self, conn: Any) -> Any:
        conn.ensure_connection = partial(conn.ensure_connection, interval_max=_RECONNECT_SECONDS)
        return super().ensure_connected(conn)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """A server whose disk is full answers at once, and refuses: to ask it again at once would be no use.

        The connection itself works: what Celery does about a lost one, closing it and fetching less, is left out.
        """
        if isinstance(exc, ResponseError):
            full = any(cause in str(exc) for cause in _FULL) or isinstance(exc, _FULL_ERRORS)
            reason = "Redis refuses to write" if full else "Redis answers with an error"
            log.warning("queue unavailable: %s, trying again: %s", reason, str(exc)[:80])
            time.sleep(_REFUSED_SECONDS)
        else:
            super().on_connection_error_after_connected(exc)


def _give_back_step(leases: LeaseKeeper) -> type[bootsteps.StartStopStep]:
    class GiveBack(bootsteps.StartStopStep):
        """Gives back the jobs and their messages, however the worker ends.

        Celery stops its steps in reverse order: the consumer first, then this one, then the pool, which waits for the
        running tasks. Given back any earlier, a job would be drawn again by this very worker.
        """

        requires = ("celery.worker.components:Pool",)

        def stop(self, worker: Any) -> None:
            consumer = worker.consumer
            if consumer.task_consumer:
                ignore_errors(consumer, _read_last_message, consumer.task_consumer.channel)
            leases.stop_all()
            if consumer.task_consumer:  # also what no thread has begun
                ignore_errors(consumer, consumer.task_consumer.recover, requeue=True)

        def terminate(self, worker: Any) -> None:
            self.stop(worker)

    return GiveBack


def _routing_step(router: ModelRouter) -> type[bootsteps.StartStopStep]:
    class Routing(bootsteps.StartStopStep):
        """Takes from other queues as the router says, on the worker's own event loop."""

        requires = ("celery.worker.components:Pool",)

        def start(self, worker: Any) -> None:
            router.start(partial(self.take_from, worker))

        def take_from(self, worker: Any, queues: Collection[str]) -> None:
            if consumer := getattr(worker, "consumer", None):
                consumer.call_soon(self.change, consumer, frozenset(queues))

        def change(self, consumer: Any, queues: frozenset[str]) -> None:
            if consumer.task_consumer is None:  # it connects to Redis at the moment
                return
            current = {queue.name for queue in consumer.task_consumer.queues}
            for name in sorted(queues - current):
                consumer.add_task_queue(name)
            for name in sorted(current - queues):
                consumer.cancel_task_queue(name)

        def stop(self, worker: Any) -> None:
            router.stop()

        def terminate(self, worker: Any) -> None:
            router.stop()

    return Routing


def _read_last_message(channel: Any) -> None:
    """What Redis was asked for before the consumer stopped. Nobody consumes any more, so kombu puts it back."""
    if channel._in_poll:
        with suppress(Empty):
            channel._brpop_read()
