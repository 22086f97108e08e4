"""A real painting worker in its own process, with a model that takes its time and stops between two steps.

Usage: python -m tests.support.stepwise_worker REDIS_URL DATABASE_URL FOLDER NAME THREADS

It writes ``FOLDER/JOB.NAME`` when it begins a job and goes on when ``FOLDER/go`` is there. With ``FOLDER/defect``
its consumer fails at the next connection to Redis.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import bootsteps
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from PIL import Image

from chatelier.runtime.tracing import OpenTelemetryTracer
from engine.generation_task import GeneratedImage, GenerationTask, Progress
from engine.jobs.cancel_listener import CancelListener
from engine.jobs.context import WorkerContext
from engine.jobs.job_runner import JobRunner
from engine.jobs.leases import LeaseKeeper
from engine.queue.celery_app import make_app
from engine.queue.celery_queue import CeleryQueue
from engine.queue.celery_tasks import register_painting
from engine.queue.celery_worker import run_painting
from engine.queue.redis_events import RedisEvents
from studio.db.database import Database
from studio.errors import JobCancelledError
from studio.ports import InstanceLimits
from studio.tracing import use_tracer
from tests.support.fakes import FakeGate, FakeStore
from tests.support.recipes import recipe_of
from tests.support.spans_in_file import SpansInFile


class SlowModel:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    def generate(
        self,
        order: GenerationTask,
        *,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        on_picture: object = None,
    ) -> list[GeneratedImage]:
        (self._folder / f"{order.job_id}.{self._name}").touch()
        while not (self._folder / "go").exists():
            if cancelled():
                raise JobCancelledError
            time.sleep(0.02)
        recipe = recipe_of(order.request, 0, width=48, height=48, parents=())
        return [GeneratedImage(image=Image.new("RGB", (48, 48)), recipe=recipe)]


def main(redis_url: str, database_url: str, folder: Path, name: str, threads: int) -> None:
    class Defect(bootsteps.StartStopStep):
        requires = ("celery.worker.consumer:Connection",)

        def start(self, consumer: Any) -> None:
            if (folder / "defect").exists():
                raise RuntimeError("a defect")

    database = Database(database_url)
    leases = LeaseKeeper(database, worker=name, lease_seconds=30)
    work = JobRunner(
        WorkerContext(
            name=name,
            database=database,
            store=FakeStore(),
            gate=FakeGate(),
            events=RedisEvents(redis_url),
            queue=CeleryQueue(redis_url),
            rules=InstanceLimits(),
        ),
        generator=SlowModel(folder, name),
        leases=leases,
    )
    if file := os.environ.get("TEST_SPANS"):
        use_tracer(OpenTelemetryTracer("worker", SimpleSpanProcessor(SpansInFile(Path(file)))))
    app = make_app(redis_url)
    app.steps["consumer"].add(Defect)
    register_painting(app, work)
    listener = CancelListener(redis_url, leases.cancel, on_aside=leases.set_aside)
    run_painting(app, leases, listener, threads=threads)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
