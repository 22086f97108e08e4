"""What waiting jobs and sent events take of a Redis server's memory."""

from contextlib import closing
from dataclasses import dataclass

import redis
from redis.sentinel import Sentinel

from engine.queue.celery_queue import CeleryQueue
from engine.queue.redis_events import STREAM, RedisEvents
from studio.domain.events import JobEnded
from studio.domain.identifiers import new_job_id
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.redis_address import open_client


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMemory:
    """`job_bytes` and `event_bytes` are each the mean, `stream_bytes` what the events take that are kept."""

    jobs: int
    events: int
    job_bytes: float
    event_bytes: float
    stream_bytes: int
    kept_events: int

    def rows(self) -> list[tuple[str, str]]:
        return [
            (f"a waiting job, of {self.jobs:,}", f"{self.job_bytes / 1024:.2f} KiB"),
            (f"an event, of {self.events:,} sent", f"{self.event_bytes / 1024:.2f} KiB"),
            (f"the stream, {self.kept_events:,} events", f"{self.stream_bytes / 1024**2:.1f} MiB"),
        ]


def measure_queue_memory(redis_url: str, *, jobs: int, events: int) -> QueueMemory:
    """On an empty server, which is filled. Raises `QueueUnavailableError`."""
    with (
        closing(open_client(redis_url, redis.Redis, Sentinel)) as client,
        closing(CeleryQueue(redis_url)) as queue,
        closing(RedisEvents(redis_url)) as stream,
    ):
        queue.enqueue(new_job_id(), priority=0, model=None)  # what the first one brings along
        before = _kept_bytes(client)
        for _ in range(jobs):
            queue.enqueue(new_job_id(), priority=0, model=None)
        with_jobs = _kept_bytes(client)
        for _ in range(events):
            stream.publish(JobEnded(job_id=new_job_id(), platform=Platform.DISCORD, state=JobState.DONE))
        stream_bytes = int(client.memory_usage(STREAM, samples=0) or 0)
        kept_events = int(client.xlen(STREAM))
    return QueueMemory(
        jobs=jobs,
        events=events,
        job_bytes=(with_jobs - before) / jobs,
        event_bytes=stream_bytes / kept_events,
        stream_bytes=stream_bytes,
        kept_events=kept_events,
    )


def _kept_bytes(client: redis.Redis) -> int:
    """Of all keys by `MEMORY USAGE`: the server's `used_memory` also moves with connections and buffers."""
    return sum(int(client.memory_usage(key, samples=0) or 0) for key in client.scan_iter())
