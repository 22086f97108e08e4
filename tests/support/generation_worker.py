"""A real Celery worker in its own process, that writes down the jobs it is given instead of painting them.

Usage: python -m tests.support.generation_worker REDIS_URL DATABASE_URL THREADS [MODEL …]

With models it serves their queues only.
"""

import sys
import time
from collections.abc import Sequence

import redis

from engine.jobs.cancel_listener import CancelListener
from engine.jobs.leases import LeaseKeeper
from engine.queue.celery_app import PAINT_QUEUE, PAINT_TASK, make_app, queue_of
from engine.queue.celery_worker import run_painting
from studio.db.database import Database

SERVED = "test:served"
HELD_UP = "test:held-up"  # while this key exists, every task waits


def main(redis_url: str, database_url: str, threads: int, models: Sequence[str]) -> None:
    app = make_app(redis_url, models=models)
    client = redis.Redis.from_url(redis_url)

    @app.task(name=PAINT_TASK)
    def generate(job_id: str) -> None:
        client.rpush(SERVED, job_id)
        while client.exists(HELD_UP):
            time.sleep(0.02)

    leases = LeaseKeeper(Database(database_url), worker="test", lease_seconds=30)
    listener = CancelListener(redis_url, leases.cancel, on_aside=leases.set_aside)
    queues = [queue_of(model) for model in models] or [PAINT_QUEUE]
    run_painting(app, leases, listener, threads=threads, queues=queues)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
