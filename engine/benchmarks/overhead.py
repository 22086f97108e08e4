"""`bench overhead`: what the step batcher itself takes, around a forward pass that takes nothing."""

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.harness import Stage

if TYPE_CHECKING:
    from engine.benchmarks.baselines import NullModel

SAMPLES = 16
_STEPS_TIMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """Milliseconds. The schedulers' part is diffusers' own step, which every way of painting pays.

    `step_ms` is a whole forward pass of a real model for as many samples, where one was given. On a CPU it is that of
    one sample times their number.
    """

    samples: int
    steps: int
    turn_ms: float
    scheduler_ms: float
    bookkeeping_ms: float
    enqueue_to_first_step_ms: float
    last_step_to_answer_ms: float
    model: str | None = None
    step_ms: float | None = None

    def rows(self) -> list[tuple[str, str]]:
        model_free = [
            (f"a turn with {self.samples} samples and nothing to compute", f"{self.turn_ms:.2f} ms"),
            ("  of it the samples' own schedulers", f"{self.scheduler_ms:.2f} ms"),
            ("  of it the step batcher's bookkeeping", f"{self.bookkeeping_ms:.2f} ms"),
            ("from handing in to the first step", f"{self.enqueue_to_first_step_ms:.2f} ms"),
            ("from the last step to the waiting thread", f"{self.last_step_to_answer_ms:.2f} ms"),
        ]
        if self.step_ms is None:
            return model_free
        share = self.bookkeeping_ms / self.step_ms
        return [
            *model_free,
            (f"a forward pass of {self.model} for so many samples", f"{self.step_ms:.0f} ms"),
            ("  bookkeeping beside it", f"{share:.2%}"),
        ]


def measure_overhead(
    *, samples: int = SAMPLES, steps: int = 100, repeats: int = 20, stage: Stage | None = None
) -> Overhead:
    """One sample a task, one task a person: the most bookkeeping there can be. One thread.

    With a stage, latents and words have its model's size, and a step of the model is timed beside.
    """
    from engine.adapters.loading.model_parts import use_threads

    step_ms = None if stage is None else _step_ms(stage, samples)
    use_threads(1)
    turn_ms, scheduler_ms = _turns(_null_model(stage), _params(stage, steps=steps), samples)
    first_ms, last_ms = _waits(repeats)
    return Overhead(
        samples=samples,
        steps=steps,
        turn_ms=turn_ms,
        scheduler_ms=scheduler_ms,
        bookkeeping_ms=turn_ms - scheduler_ms,
        enqueue_to_first_step_ms=first_ms,
        last_step_to_answer_ms=last_ms,
        model=None if stage is None else stage.entry.name,
        step_ms=step_ms,
    )


def _null_model(stage: Stage | None) -> "NullModel":
    from engine.benchmarks.baselines import NullModel

    if stage is None:
        return NullModel()
    wide = {"text": (77, 2048), "pooled": (1280,), "sizes": (6,)}
    return NullModel(words=wide if stage.entry.family == "sdxl" else None, device=stage.device)


def _params(stage: Stage | None, *, steps: int) -> SamplingParams:
    if stage is not None:
        return stage.new_sample(steps=steps)
    return SamplingParams(prompt="", seed=0, width=512, height=512, steps=steps, guidance_scale=1.0)


def _turns(model: "NullModel", params: SamplingParams, samples: int) -> tuple[float, float]:
    """Medians in ms: a turn without its forward pass, and the schedulers in it."""
    from engine.batching.sample_group import SampleGroup
    from engine.benchmarks.baselines import idle_batcher, take_turn

    batcher = idle_batcher(model, rows=2 * samples)
    for index in range(samples):
        batcher.submit(SampleGroup([model.new_sample(params)], person=f"person {index}"))
    take_turn(batcher)
    turns, schedulers = [], []
    for _ in range(params.steps - 2):
        forward, scheduler = model.forward_seconds, model.scheduler_seconds
        started = time.perf_counter()
        take_turn(batcher)
        turns.append(time.perf_counter() - started - (model.forward_seconds - forward))
        schedulers.append(model.scheduler_seconds - scheduler)
    return statistics.median(turns) * 1000, statistics.median(schedulers) * 1000


def _step_ms(stage: Stage, samples: int) -> float:
    """The quickest of a few forward passes; on a CPU a single one of one sample, which takes minutes at SDXL's size."""
    from engine.benchmarks.baselines import step_seconds

    many = stage.device.startswith("cuda")
    params_list = [stage.new_sample(seed=seed) for seed in range(samples if many else 1)]
    seconds = min(step_seconds(stage.model, params_list, times=_STEPS_TIMED if many else 1))
    return seconds * 1000 * (1 if many else samples)


def _waits(repeats: int) -> tuple[float, float]:
    """Medians in ms with a running step batcher: submit → first forward; end of the last forward → answer."""
    from engine.batching.sample_group import SampleGroup
    from engine.benchmarks.baselines import NullModel
    from engine.benchmarks.harness import batcher_for

    first, last = [], []
    model = NullModel()
    with batcher_for(model, device="cpu") as batcher:
        for seed in range(repeats):
            params = SamplingParams(prompt="", seed=seed, width=256, height=256, steps=4, guidance_scale=1.0)
            group = SampleGroup([model.new_sample(params)], person="ana")
            model.started.clear()
            handed_in = time.perf_counter()
            batcher.submit(group)
            group.wait()
            answered = time.perf_counter()
            first.append((model.started[0] - handed_in) * 1000)
            last.append((answered - model.started[-1]) * 1000)
    return statistics.median(first), statistics.median(last)
