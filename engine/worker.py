"""A Celery worker in this process: painting, or house-keeping."""

from collections.abc import Sequence
from typing import Any

from celery import Celery, signals

from engine.broker import HOUSE_QUEUE, PAINT_QUEUE
from engine.cancellations import CancelListener
from engine.leases import LeaseKeeper


def run_painting(
    app: Celery,
    leases: LeaseKeeper,
    listener: CancelListener,
    *,
    threads: int,
    queues: Sequence[str] = (PAINT_QUEUE,),
) -> None:
    """Serve paint tasks until SIGTERM or SIGINT; what is being painted then goes back to the queue."""

    def give_back(**_: object) -> None:
        leases.stop_all()

    signals.worker_shutting_down.connect(give_back)
    leases.start()
    listener.start()
    try:
        _run(app, queues=queues, threads=threads)
    finally:
        listener.stop()
        leases.close()


def run_housekeeping(app: Celery, *, schedule_file: str) -> None:
    """Serve the sweeps, with the beat inside, until SIGTERM or SIGINT."""
    # The hourly chores may take minutes, and no lease that ran out shall wait for them.
    _run(app, queues=[HOUSE_QUEUE], threads=2, beat=True, schedule_filename=schedule_file)


def _run(app: Celery, *, queues: Sequence[str], threads: int, **options: Any) -> None:
    worker = app.Worker(
        pool="threads",
        concurrency=threads,
        queues=list(queues),
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
        **options,
    )
    worker.start()
