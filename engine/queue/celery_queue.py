"""The queue as the front ends see it. Starts without torch."""

import json
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import chain

import redis
from kombu import pools
from kombu.exceptions import OperationalError
from kombu.transport.redis import Channel
from redis.sentinel import Sentinel

from engine.jobs.cancel_listener import ASIDE_CHANNEL, CANCEL_CHANNEL, ENOUGH_CHANNEL
from engine.queue.celery_app import PAINT_QUEUE, PAINT_TASK, PRIORITIES, make_app, queue_of
from studio.errors import QueueUnavailableError
from studio.redis_address import open_client

# The job is in the records already, and the sweeper sends what was not: nobody waits for a Redis that is away.
_IMPATIENCE = {
    "interval_start": 0.1,
    "interval_step": 0.1,
    "interval_max": 0.2,
    "connect_retries_timeout": 0.5,
}


class CeleryQueue:
    """Implements `studio.ports.Queue` with Celery on Redis. `models` are those with queues of their own."""

    def __init__(self, redis_url: str, *, models: Collection[str] = ()) -> None:
        self._app = make_app(redis_url, models=models)
        self._app.conf.broker_transport_options |= _IMPATIENCE
        self._models = frozenset(models)
        self._redis = open_client(
            redis_url, redis.Redis, Sentinel, socket_timeout=5, socket_connect_timeout=2
        )

    def enqueue(self, job_id: str, *, priority: int, model: str | None) -> None:
        try:
            self._app.send_task(
                PAINT_TASK,
                args=[job_id],
                task_id=job_id,
                priority=min(max(priority, 0), PRIORITIES - 1),
                queue=queue_of(model) if model and model in self._models else PAINT_QUEUE,
                retry=False,
            )
        except (OperationalError, redis.RedisError, OSError) as error:
            raise QueueUnavailableError from error

    def waiting(self) -> frozenset[str]:
        """Without what a worker has taken and not begun: should that worker die, nobody else would ever see it."""
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                for key in self._lists():
                    pipe.lrange(key, 0, -1)
                lists = pipe.execute()
        except (redis.RedisError, OSError) as error:
            raise QueueUnavailableError from error
        return frozenset(filter(None, map(_job_of, chain(*lists))))

    def _lists(self) -> Iterator[str]:
        """The names of Redis' lists: kombu keeps one for each queue and priority."""
        for queue in (PAINT_QUEUE, *map(queue_of, sorted(self._models))):
            yield queue
            yield from (f"{queue}{Channel.sep}{priority}" for priority in range(1, PRIORITIES))

    def cancel(self, job_id: str) -> None:
        """The row says so already; a worker that misses this message reads the row at its next heartbeat."""
        try:
            self._redis.publish(CANCEL_CHANNEL, job_id)
        except redis.RedisError:
            return

    def stop_early(self, job_id: str) -> None:
        """The row says so already; a worker that misses this message reads the row at its next heartbeat."""
        try:
            self._redis.publish(ENOUGH_CHANNEL, job_id)
        except redis.RedisError:
            return

    def set_aside(self, job_id: str) -> None:
        """The rules of its community say so already; a worker that misses this reads them at its next heartbeat."""
        try:
            self._redis.publish(ASIDE_CHANNEL, job_id)
        except redis.RedisError:
            return

    def close(self) -> None:
        """Every sender of this process connects to Redis anew."""
        broker = self._app.connection_for_write()
        pools.connections[broker].force_close_all()
        for pool in (pools.producers, pools.connections):  # for the whole process, one of each for a broker
            with suppress(KeyError):
                del pool[broker]
        self._app.close()
        self._redis.close()


def _job_of(message: bytes) -> str | None:
    """The job of a task's message; None for one that cannot be read, which its worker passes over."""
    try:
        return str(json.loads(message)["headers"]["id"])
    except (ValueError, LookupError, TypeError):
        return None
