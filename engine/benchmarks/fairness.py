"""`bench fair`: one person hands in far more than all others; how long do the others wait?"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.harness import Stage, batcher_for
from engine.benchmarks.workload import Asked, play

OTHERS = 20
SPAM = 32
PICTURES = 4
LOAD = 0.6
_MOST_ROWS = 8
_TRIED = 4  # orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """Seconds; `jain` is Jain's index over the others' latencies: 1 when all waited alike. `model` None: no model."""

    model: str | None
    others: int
    spam_jobs: int
    jain: float
    median_seconds: float
    median_without_spam_seconds: float
    ratio: float
    spammer_median_seconds: float
    virtual: bool = False

    def rows(self) -> list[tuple[str, str]]:
        return [
            (
                "model",
                self.model or f"none: a forward pass {'moves a clock' if self.virtual else 'is a pause'}",
            ),
            (f"Jain index over {self.others} people", f"{self.jain:.3f}"),
            ("their median wait", f"{self.median_seconds:.2f} s"),
            (
                f"the same without one person's {self.spam_jobs} jobs",
                f"{self.median_without_spam_seconds:.2f} s",
            ),
            ("ratio", f"{self.ratio:.2f}"),
            ("median wait of the busy one", f"{self.spammer_median_seconds:.2f} s"),
        ]


def measure_fairness(
    *,
    others: int = OTHERS,
    spam_jobs: int = SPAM,
    pictures: int = PICTURES,
    step_seconds: float = 0.004,
    stage: Stage | None = None,
    virtual: bool = False,
) -> Fairness:
    """Tasks of so many pictures. Without a stage no model paints: twelve steps of `step_seconds` for each row, which
    are pauses, or in `virtual` time the same on every machine.

    The busy one comes first with everything; the others come one after another and ask, all together, for six
    tenths of what the step batcher can do.
    """
    play_all, order_seconds = (
        _play_pauses(step_seconds, virtual=virtual) if stage is None else _play_model(stage, pictures)
    )
    params = _PAUSES if stage is None else stage.new_sample()

    def new_request(person: str, *, at_seconds: float, seed: int) -> Asked:
        return Asked(
            person=person, at_seconds=at_seconds, params_list=(replace(params, seed=seed),) * pictures
        )

    interval_seconds = pictures * order_seconds / LOAD
    ordinary = [
        new_request(f"person {n}", at_seconds=0.2 + n * interval_seconds, seed=n) for n in range(others)
    ]
    spam = [new_request("busy", at_seconds=0.0, seed=1000 + n) for n in range(spam_jobs)]
    with_spam = play_all([*spam, *ordinary])
    without = play_all(ordinary)
    waited = with_spam[spam_jobs:]
    return Fairness(
        model=None if stage is None else stage.entry.name,
        virtual=virtual,
        others=others,
        spam_jobs=spam_jobs,
        jain=jain_index(waited),
        median_seconds=statistics.median(waited),
        median_without_spam_seconds=statistics.median(without),
        ratio=statistics.median(waited) / statistics.median(without),
        spammer_median_seconds=statistics.median(with_spam[:spam_jobs]),
    )


def jain_index(values: Sequence[float]) -> float:
    """R. Jain et al., "A quantitative measure of fairness" (1984): 1 for equal values, 1/n for one that has all."""
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))


_PAUSES = SamplingParams(prompt="", seed=0, width=256, height=256, steps=12, guidance_scale=1.0)
Plays = Callable[[Sequence[Asked]], list[float]]


def _play_pauses(step_seconds: float, *, virtual: bool) -> tuple[Plays, float]:
    """Runs tasks with pauses for forward passes; seconds a picture takes a busy step batcher."""

    def play_virtually(asked: Sequence[Asked]) -> list[float]:
        from engine.benchmarks.virtual_load import PassCost, VirtualServer

        return VirtualServer(PassCost(0.0, step_seconds), max_rows=_MOST_ROWS).play(asked)

    def play_all(asked: Sequence[Asked]) -> list[float]:
        from engine.benchmarks.baselines import NullModel

        model = NullModel(seconds_per_row=step_seconds)
        with batcher_for(model, device="cpu", rows=_MOST_ROWS) as batcher:
            return play(batcher, model, asked)

    return play_virtually if virtual else play_all, _PAUSES.steps * step_seconds


def _play_model(stage: Stage, pictures: int) -> tuple[Plays, float]:
    """The same with the model of a stage, measured over a few tasks, the first of them unheeded."""

    def play_all(asked: Sequence[Asked]) -> list[float]:
        with batcher_for(
            stage.model, device=stage.device, rows=stage.rows(), overlap=stage.overlap
        ) as batcher:
            return play(batcher, stage.model, asked)

    order = Asked(person="first", at_seconds=0.0, params_list=(stage.new_sample(),) * pictures)
    play_all([order])
    started = time.perf_counter()
    play_all([replace(order, person=f"person {n}") for n in range(_TRIED)])
    return play_all, (time.perf_counter() - started) / _TRIED / pictures
