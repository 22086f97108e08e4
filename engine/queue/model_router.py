"""A worker's thread that decides which models it serves: those in its memory, and another one when that is needed.

Each worker writes into Redis what it has and how fast it is, reads the same of the others and the lengths of the
queues, and takes from the queues that `choose_models` names. No job is moved: one that nobody takes yet waits in the
queue of its model, in the order of its priority, and every worker that serves the model sees it.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from kombu.transport.redis import Channel
from redis.sentinel import Sentinel

from engine.queue.celery_app import PAINT_QUEUE, PRIORITIES, queue_of
from engine.routing.model_choice import ModelDemand, WorkerState, choose_models
from engine.routing.worker_figures import MeasuredGenerator
from studio.redis_address import open_client

KEY = "chatelier:routing"  # a hash: a worker's name → what it announced last
EVERY_SECONDS = 1.0
_ALIVE_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """`at` is a Unix time; the rest by model, in seconds."""

    at: float
    state: WorkerState
    job_seconds: Mapping[str, float]
    load_seconds: Mapping[str, float]

    def to_json(self) -> str:
        return json.dumps(
            {
                "at": self.at,
                "serves": sorted(self.state.serves),
                "warm": sorted(self.state.warm),
                "slots": self.state.slots,
                "free": self.state.free,
                "job_seconds": dict(self.job_seconds),
                "load_seconds": dict(self.load_seconds),
            }
        )

    @classmethod
    def from_json(cls, name: str, text: bytes) -> "Announcement":
        """Raises `ValueError`, `KeyError` or `TypeError` for what another version wrote."""
        data = json.loads(text)
        return cls(
            at=float(data["at"]),
            state=WorkerState(
                name=name,
                serves=frozenset(data["serves"]),
                warm=frozenset(data["warm"]),
                slots=int(data["slots"]),
                free=int(data["free"]),
            ),
            job_seconds=dict(data["job_seconds"]),
            load_seconds=dict(data["load_seconds"]),
        )


class ModelRouter:
    """`models` are those that the worker may serve, the default one first; `threads` the jobs that it runs at once."""

    def __init__(
        self,
        redis_url: str,
        worker: str,
        figures: MeasuredGenerator,
        *,
        models: Sequence[str],
        default_model: str,
        threads: int,
    ) -> None:
        self._redis = open_client(
            redis_url, redis.Redis, Sentinel, socket_timeout=5, socket_connect_timeout=2
        )
        self._worker, self._figures = worker, figures
        self._models, self._default, self._threads = tuple(models), default_model, threads
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._served: frozenset[str] = frozenset()

    def first_queues(self) -> tuple[str, ...]:
        """Until the first look: those of what is in the memory, else of the first model."""
        warm = self._figures.resident_models().names & set(self._models)
        return self._queues(warm or self._models[:1])

    def start(self, take_from: Callable[[Collection[str]], None]) -> None:
        """`take_from` is called with the queues whenever they change, and now and then in between."""
        self._thread = threading.Thread(target=self._run, args=(take_from,), name="model-router", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self._redis.hdel(KEY, self._worker)
        except (redis.RedisError, OSError):
            log.debug("routing announcement not removed: Redis unavailable")
        self._redis.close()

    def look(self) -> tuple[str, ...]:
        """The queues of this moment. Raises `redis.RedisError` or `OSError`."""
        own = self._announce()
        others = [found for found in self._read() if found.state.name != self._worker]
        served = choose_models(
            self._worker,
            [own.state, *(found.state for found in others)],
            self._demand([own, *others]),
        )
        served = served or self._served or frozenset(self._models[:1])
        if served != self._served:
            log.info("models served: %s", ", ".join(sorted(served)))
        self._served = served
        return self._queues(served)

    def _run(self, take_from: Callable[[Collection[str]], None]) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            try:
                take_from(self.look())
            except (redis.RedisError, OSError) as error:
                log.warning("models served unchanged: Redis unavailable (%s)", type(error).__name__)

    def _announce(self) -> Announcement:
        resident = self._figures.resident_models()
        warm = resident.names & set(self._models)
        own = Announcement(
            at=time.time(),
            state=WorkerState(
                name=self._worker,
                serves=frozenset(self._models),
                warm=frozenset(warm),
                slots=max(1, len(warm) + resident.room),
                free=max(0, self._threads - self._figures.running),
            ),
            job_seconds={model: self._figures.job_seconds(model) for model in warm},
            load_seconds={model: self._figures.load_seconds(model) for model in warm},
        )
        self._redis.hset(KEY, self._worker, own.to_json())
        return own

    def _read(self) -> list[Announcement]:
        """Of the workers that are alive. Others, and what cannot be read, are removed."""
        found: list[Announcement] = []
        gone: list[Announcement] = []
        entries: Any = self._redis.hgetall(KEY)
        for name, text in entries.items():
            try:
                announcement = Announcement.from_json(name.decode(), text)
            except (ValueError, KeyError, TypeError):
                continue
            (found if announcement.at > time.time() - _ALIVE_SECONDS else gone).append(announcement)
        if gone:
            self._redis.hdel(KEY, *(announcement.state.name for announcement in gone))
        return found

    def _demand(self, announcements: Sequence[Announcement]) -> dict[str, ModelDemand]:
        models = sorted({model for found in announcements for model in found.state.serves})
        with self._redis.pipeline(transaction=False) as pipe:
            for model in models:
                for key in self._lists(model):
                    pipe.llen(key)
            lengths = iter(pipe.execute())
        return {
            model: ModelDemand(
                waiting=sum(next(lengths) for _ in self._lists(model)),
                job_seconds=_mean(
                    [found.job_seconds.get(model) for found in announcements],
                    self._figures.job_seconds(model),
                ),
                load_seconds=_mean(
                    [found.load_seconds.get(model) for found in announcements],
                    self._figures.load_seconds(model),
                ),
            )
            for model in models
        }

    def _queues(self, models: Collection[str]) -> tuple[str, ...]:
        return tuple(queue for model in sorted(models) for queue in self._queues_of(model))

    def _queues_of(self, model: str) -> tuple[str, ...]:
        """Jobs that name no model wait for the default one in the common queue."""
        return (PAINT_QUEUE, queue_of(model)) if model == self._default else (queue_of(model),)

    def _lists(self, model: str) -> list[str]:
        """The names of Redis' lists: kombu keeps one for each queue and priority."""
        return [
            key
            for queue in self._queues_of(model)
            for key in (queue, *(f"{queue}{Channel.sep}{priority}" for priority in range(1, PRIORITIES)))
        ]


def _mean(values: Sequence[float | None], otherwise: float) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else otherwise
