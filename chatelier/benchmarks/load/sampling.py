"""Memory and queues over time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import redis
from kombu.transport.redis import Channel

from chatelier.benchmarks.load.figures import Growth
from chatelier.benchmarks.load.processes import Processes
from engine.queue.celery_app import PAINT_QUEUE, PRIORITIES
from engine.queue.redis_events import STREAM


@dataclass(kw_only=True)
class Samples:
    """Series of (seconds of the monotonic clock, value), by what was measured."""

    memory_mib: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    queues: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, at: float, memory_mib: Mapping[str, float], queues: Mapping[str, float]) -> None:
        for series, values in ((self.memory_mib, memory_mib), (self.queues, queues)):
            for name, value in values.items():
                series.setdefault(name, []).append((at, value))

    def growth(self) -> tuple[dict[str, Growth], dict[str, Growth]]:
        """Of memory, and of queues."""
        memory, queues = (
            {name: Growth.of(values) for name, values in series.items()}
            for series in (self.memory_mib, self.queues)
        )
        return memory, queues


class Sampler:
    def __init__(
        self,
        processes: Processes,
        client: "redis.Redis",
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._processes = processes
        self._client = client
        self._clock = clock

    def take(self, samples: Samples) -> None:
        """Raises `ServiceError` when a process has ended."""
        self._processes.require_running()
        samples.add(self._clock(), self._processes.memory_mib(), self.read_queues())

    def read_queues(self) -> dict[str, float]:
        """Messages, waiting or held by workers, entries of the stream, and those not dealt with by front ends."""
        lists = (PAINT_QUEUE, *(f"{PAINT_QUEUE}{Channel.sep}{priority}" for priority in range(1, PRIORITIES)))
        with self._client.pipeline(transaction=False) as pipe:
            for name in lists:
                pipe.llen(name)
            pipe.hlen(Channel.unacked_key)
            pipe.xlen(STREAM)
            *waiting, held, entries = pipe.execute()
        groups = self._client.xinfo_groups(STREAM) if entries else []
        behind = sum(int(group["pending"]) + int(group.get("lag") or 0) for group in groups)
        return {
            "messages that wait for a worker": float(sum(waiting)),
            "messages that workers hold": float(held),
            "entries of the event stream": float(entries),
            "events that front ends have to deal with": float(behind),
        }
