"""The Celery tasks. A task carries a job's id and nothing else: the row is the payload."""

import logging
from collections.abc import Callable, Sequence

from celery import Celery

from engine.jobs.job_runner import JobRunner
from engine.maintenance.job_sweeper import Sweeper
from engine.queue.celery_app import CHORES_TASK, PAINT_TASK, SWEEP_TASK

log = logging.getLogger(__name__)


def register_painting(app: Celery, work: JobRunner) -> None:
    """What a painting worker serves."""

    @app.task(name=PAINT_TASK)
    def generate(job_id: str) -> None:
        work.run(job_id)


def register_periodic_tasks(app: Celery, sweeper: Sweeper, *, hourly: Sequence[Callable[[], object]]) -> None:
    """What the maintenance worker serves: a light worker with the beat inside, without a model."""

    @app.task(name=SWEEP_TASK)
    def sweep() -> None:
        sweeper.sweep()

    @app.task(name=CHORES_TASK)
    def chores() -> None:
        for task in hourly:
            try:
                task()
            except Exception:  # what goes wrong at one must not keep the others from being done
                log.exception("hourly maintenance failed: unexpected error")
