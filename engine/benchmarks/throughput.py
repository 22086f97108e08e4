"""`bench throughput`: images a second of a step batcher that is never idle, against the plain pipeline."""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.harness import Stage, batcher_for
from engine.benchmarks.workload import Asked, mixed_params_list, play

BATCHES = (1, 2, 4, 8)
ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Equal requests against the stock pipeline; mixed ones, which it cannot batch, in forward passes.

    Pictures a second are medians over the rounds, and `ratio` is the median of the rounds' ratios: what else the
    machine does meanwhile slows neighbours alike.
    """

    model: str
    pictures: int
    rounds: int
    batcher_per_second: float
    stock_per_second: float
    stock_batch: int
    ratio: float
    mixed_forwards: int
    mixed_forwards_one_at_a_time: int

    def rows(self) -> list[tuple[str, str]]:
        fewer = self.mixed_forwards_one_at_a_time / self.mixed_forwards
        return [
            ("model", self.model),
            ("step batcher", f"{self.batcher_per_second:.3f} pictures a second"),
            (
                "plain pipeline",
                f"{self.stock_per_second:.3f} pictures a second in batches of {self.stock_batch}",
            ),
            (f"ratio, median of {self.rounds} rounds", f"{self.ratio:.2f}"),
            (
                "forward passes for mixed requests",
                f"{self.mixed_forwards}, one at a time {self.mixed_forwards_one_at_a_time}: {fewer:.1f} times fewer",
            ),
        ]


def measure_throughput(
    stage: Stage,
    *,
    pictures: int = 16,
    steps: int | None = None,
    batches: Sequence[int] = BATCHES,
    rounds: int = ROUNDS,
) -> Throughput:
    """The step batcher and every batch of the plain pipeline take turns, `rounds` times."""
    params_list = [stage.new_sample(seed=seed, steps=steps) for seed in range(pictures)]
    with _busy_batcher(stage, params_list) as on_the_batcher:
        stock = _stock(stage, params_list, batches)
        batcher, plain = [], []
        for _ in range(rounds):
            batcher.append(on_the_batcher())
            plain.append({batch: in_batches() for batch, in_batches in stock.items()})
    rates = {batch: statistics.median(round_rates[batch] for round_rates in plain) for batch in stock}
    best = max(rates, key=rates.__getitem__)
    mixed, alone = _mixed_forwards(stage)
    return Throughput(
        model=stage.entry.name,
        pictures=pictures,
        rounds=rounds,
        batcher_per_second=statistics.median(batcher),
        stock_per_second=rates[best],
        stock_batch=best,
        ratio=statistics.median(
            one / rates_of_round[best] for one, rates_of_round in zip(batcher, plain, strict=True)
        ),
        mixed_forwards=mixed,
        mixed_forwards_one_at_a_time=alone,
    )


def batcher_per_second(stage: Stage, params_list: Sequence[SamplingParams]) -> float:
    """Pictures a second of a step batcher that is never idle."""
    with _busy_batcher(stage, params_list) as on_the_batcher:
        return on_the_batcher()


def stock_per_second(
    stage: Stage, params_list: Sequence[SamplingParams], batches: Sequence[int]
) -> tuple[float, int]:
    """Pictures a second of the plain pipeline at its best static batch, and that batch."""
    stock = _stock(stage, params_list, batches)
    return max((in_batches(), batch) for batch, in_batches in stock.items())


@contextmanager
def _busy_batcher(stage: Stage, params_list: Sequence[SamplingParams]) -> Iterator[Callable[[], float]]:
    """What paints all pictures, there from the start, and says how many a second. It has painted some before."""
    asked = [
        Asked(person=str(n), at_seconds=0.0, params_list=(params,)) for n, params in enumerate(params_list)
    ]
    with batcher_for(stage.model, device=stage.device, overlap=stage.overlap) as batcher:
        play(batcher, stage.model, asked[: stage.rows()])

        def on_the_batcher() -> float:
            started = time.perf_counter()
            play(batcher, stage.model, asked)
            return len(params_list) / (time.perf_counter() - started)

        yield on_the_batcher


def _stock(
    stage: Stage, params_list: Sequence[SamplingParams], batches: Sequence[int]
) -> dict[int, Callable[[], float]]:
    """The same by the plain pipeline, for each static batch that the parameters fill."""
    from engine.adapters.loading.reference_pipeline import StockPipeline

    pipeline = StockPipeline(stage.model, stage.folder)

    def in_batches(batch: int) -> float:
        runs = len(params_list) // batch
        seconds = sum(pipeline.seconds(params_list[n * batch : (n + 1) * batch]) for n in range(runs))
        return runs * batch / seconds

    fitting = [batch for batch in batches if batch <= len(params_list)]
    for batch in fitting:
        pipeline.seconds(params_list[:batch])
    return {batch: partial(in_batches, batch) for batch in fitting}


def _mixed_forwards(stage: Stage) -> tuple[int, int]:
    """Forward passes for 24 mixed requests on a step batcher of eight rows, and one at a time. Counted, not timed."""
    from engine.batching.sample_group import SampleGroup
    from engine.benchmarks.baselines import NullModel, idle_batcher, take_turn

    dice = random.Random(5)
    entry = stage.entry
    model = NullModel()
    batcher = idle_batcher(model, rows=8)
    alone = 0
    for number in range(24):
        (params,) = mixed_params_list(
            dice,
            count=1,
            width=256,
            height=256,
            steps=entry.steps,
            guidance_scale=max(2.0, entry.guidance_scale),
        )
        batcher.submit(SampleGroup([model.new_sample(params)], person=str(number)))
        alone += params.steps
    while take_turn(batcher):
        pass
    return len(model.started), alone
