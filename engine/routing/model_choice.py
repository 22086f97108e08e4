"""Which models a worker serves at the moment, from what all workers announced and what waits.

A job is served where its model is loaded. Another worker loads the model too when those wait longer than loading takes,
and one at a time: once it has begun, the wait is shared by one worker more. Workers decide for themselves, from the
same figures and by the same rule, so nobody has to send jobs around: each takes from the queues of its models.
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """What a worker announces. `serves` are the models whose files it has, `warm` those in its memory or on their way
    there; it can hold `slots` of them without putting one out, and could begin `free` jobs at once."""

    name: str
    serves: frozenset[str]
    warm: frozenset[str]
    slots: int = 1
    free: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDemand:
    """`waiting` jobs in the queue, `job_seconds` for one of them, `load_seconds` until a worker has the model."""

    waiting: int
    job_seconds: float
    load_seconds: float

    def wait_seconds(self, workers: int) -> float:
        """Until the last of them is begun; endless where nobody has the model."""
        if not self.waiting:
            return 0.0
        return self.waiting * self.job_seconds / workers if workers else math.inf


def choose_models(
    name: str, workers: Sequence[WorkerState], demand: Mapping[str, ModelDemand]
) -> frozenset[str]:
    """What the worker `name`, one of `workers`, takes from the queues: its warm models, and at most one more.

    A model that nobody has goes to the worker with the least to do, however much that is.
    """
    own = next(worker for worker in workers if worker.name == name)
    holders = {model: sum(model in worker.warm for worker in workers) for model in demand}
    waits = {model: demand[model].wait_seconds(holders[model]) for model in demand}
    wanted = [
        model
        for model in sorted(demand, key=lambda model: (-waits[model], model))
        if model in own.serves - own.warm and waits[model] > demand[model].load_seconds
    ]
    chosen = set(own.warm & own.serves)
    for model in wanted:
        if _first_to_load(model, workers, waits, demand) == name:
            chosen.add(model)
            break
    return frozenset(chosen)


def _first_to_load(
    model: str,
    workers: Sequence[WorkerState],
    waits: Mapping[str, float],
    demand: Mapping[str, ModelDemand],
) -> str | None:
    """The worker that loads a model next: one that is not at work, with the least to do, with room, and else by a
    number of its own.

    None where everybody is longer busy with what they have than the model's jobs wait.
    """
    ranked = sorted(
        (
            worker.free <= 0,
            _busy_seconds(worker, waits),
            len(worker.warm) >= worker.slots,
            _number(model, worker.name),
            worker.name,
        )
        for worker in workers
        if model in worker.serves - worker.warm
        and _busy_seconds(worker, waits) + demand[model].load_seconds < waits[model]
    )
    return ranked[0][-1] if ranked else None


def _busy_seconds(worker: WorkerState, waits: Mapping[str, float]) -> float:
    """How long the jobs of its warm models wait; it works on several of them by turns."""
    return sum(wait for model in worker.warm if math.isfinite(wait := waits.get(model, 0.0)))


def _number(model: str, worker: str) -> int:
    """The same in every process, and another order of the workers for each model."""
    return zlib.crc32(f"{model}\0{worker}".encode())
