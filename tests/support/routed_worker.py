"""A real Celery worker with a router and a generator that only remembers which models it loaded.

Usage: python -m tests.support.routed_worker REDIS_URL DATABASE_URL NAME MODELS WARM

MODELS and WARM are names joined by commas. It writes ``NAME MODEL`` into a list of Redis for each job, which takes as
long as the key ``test:held-up`` is there.
"""

import sys
import time
from types import SimpleNamespace
from typing import Any

import redis

from engine.jobs.cancel_listener import CancelListener
from engine.jobs.leases import LeaseKeeper
from engine.queue import model_router
from engine.queue.celery_app import PAINT_TASK, make_app
from engine.queue.celery_worker import run_painting
from engine.queue.model_router import ModelRouter
from engine.routing.worker_figures import MeasuredGenerator, ResidentModels
from studio.db.database import Database
from tests.support.generation_worker import HELD_UP, SERVED


class RememberingGenerator:
    def __init__(self, warm: set[str], client: redis.Redis, name: str) -> None:
        self._warm, self._client, self._name = warm, client, name

    def generate(self, task: Any, **_: object) -> None:
        model = task.request.model
        self._warm.add(model)
        self._client.rpush(SERVED, f"{self._name} {model}")
        while self._client.exists(HELD_UP):
            time.sleep(0.02)

    def resident_models(self) -> ResidentModels:
        seconds = dict.fromkeys(self._warm, 60.0)
        return ResidentModels(names=frozenset(self._warm), load_seconds=seconds)


def main(redis_url: str, database_url: str, name: str, models: list[str], warm: list[str]) -> None:
    model_router.EVERY_SECONDS = 0.1
    app = make_app(redis_url, models=models)
    client = redis.Redis.from_url(redis_url)
    figures = MeasuredGenerator(RememberingGenerator(set(warm), client, name), default_model=models[0])

    @app.task(name=PAINT_TASK)
    def generate(job_id: str) -> None:
        figures.generate(SimpleNamespace(request=SimpleNamespace(model=job_id.partition("-")[0])))

    leases = LeaseKeeper(Database(database_url), worker=name, lease_seconds=30)
    listener = CancelListener(redis_url, leases.cancel, on_aside=leases.set_aside)
    router = ModelRouter(redis_url, name, figures, models=models, default_model=models[0], threads=1)
    run_painting(app, leases, listener, threads=1, router=router)


if __name__ == "__main__":
    main(*sys.argv[1:4], sys.argv[4].split(","), sys.argv[5].split(","))
