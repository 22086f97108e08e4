"""`bench mixed`: mixed requests as they come, painted in three ways, one after another in one run."""

import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.harness import Stage, batcher_for
from engine.benchmarks.workload import Asked, mixed_params_list, play, poisson

LONGEST_SECONDS = 75.0
_SEED = 1
# What a run of arrivals takes beyond the last arrival, and the three runs together, in lengths of one; measured.
_LENGTHS = 4.0
_TRIED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedLoad:
    """Mean latencies in seconds at the given load, a share of what the step batcher can do when it is never idle."""

    model: str
    requests: int
    load: float
    capacity_per_second: float
    continuous_seconds: float
    request_level_seconds: float
    one_at_a_time_seconds: float

    def rows(self) -> list[tuple[str, str]]:
        least = self.continuous_seconds
        return [
            ("model", self.model),
            (
                "requests",
                f"{self.requests}, arriving at {self.load:.0%} of {self.capacity_per_second:.2f} a second",
            ),
            ("mean latency: continuous batching", f"{least:.2f} s"),
            ("mean latency: whole requests batched", f"{self.request_level_seconds:.2f} s"),
            ("mean latency: one request at a time", f"{self.one_at_a_time_seconds:.2f} s"),
            ("continuous to whole requests", f"{least / self.request_level_seconds:.2f}"),
            ("continuous to one at a time", f"{least / self.one_at_a_time_seconds:.2f}"),
        ]


def measure_mixed_load(
    stage: Stage,
    *,
    requests: int = 80,
    load: float = 0.7,
    pictures: int = 1,
    rows: int | None = None,
    longest_seconds: float = LONGEST_SECONDS,
) -> MixedLoad:
    """Half to double steps, two sizes, with and without guidance, from words and from pictures.

    As many requests as fit into `longest_seconds`, at most `requests`. `rows` is how many share a forward pass at
    most; the device's own number by default.
    """
    rows = rows or stage.rows()
    dice = random.Random(_SEED)
    entry = stage.entry
    params_list = [
        mixed_params_list(
            dice,
            count=pictures,
            width=entry.width,
            height=entry.height,
            steps=entry.steps,
            guidance_scale=max(2.0, entry.guidance_scale),
        )
        for _ in range(requests)
    ]
    began = time.perf_counter()
    capacity = _capacity(stage, params_list[:_TRIED], rows=rows)
    left_seconds = longest_seconds - (time.perf_counter() - began)
    fitting = max(4, int(load * capacity * left_seconds / _LENGTHS))
    asked = poisson(dice, params_list[:fitting], per_second=load * capacity)
    with batcher_for(stage.model, device=stage.device, rows=rows, overlap=stage.overlap) as batcher:
        continuous = statistics.mean(play(batcher, stage.model, asked))
    return MixedLoad(
        model=entry.name,
        requests=len(asked),
        load=load,
        capacity_per_second=capacity,
        continuous_seconds=continuous,
        request_level_seconds=_lockstep(stage, asked, together=True, rows=rows),
        one_at_a_time_seconds=_lockstep(stage, asked, together=False, rows=rows),
    )


def _capacity(stage: Stage, params_list: Sequence[tuple[SamplingParams, ...]], *, rows: int) -> float:
    """Requests a second when all wait from the start."""
    asked = [Asked(person=str(n), at_seconds=0.0, params_list=params) for n, params in enumerate(params_list)]
    with batcher_for(stage.model, device=stage.device, rows=rows, overlap=stage.overlap) as batcher:
        play(batcher, stage.model, asked[:2])
        started = time.perf_counter()
        play(batcher, stage.model, asked)
        return len(asked) / (time.perf_counter() - started)


def _lockstep(stage: Stage, asked: Sequence[Asked], *, together: bool, rows: int) -> float:
    from engine.benchmarks.baselines import Lockstep, running

    with running(Lockstep(together=together, max_rows=rows)) as lockstep:
        return statistics.mean(play(lockstep, stage.model, asked))
