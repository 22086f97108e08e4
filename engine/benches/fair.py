"""`bench fair`: one person hands in far more than all others; how long do the others wait?"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from engine.benches.requests import Asked, play
from engine.painters.painter import Sketch

OTHERS = 20
SPAM = 32
LOAD = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """Seconds; `jain` is Jain's index over the others' latencies: 1 when all waited alike."""

    others: int
    spam_jobs: int
    jain: float
    median_seconds: float
    median_without_spam_seconds: float
    ratio: float
    spammer_median_seconds: float

    def rows(self) -> list[tuple[str, str]]:
        return [
            (f"Jain index over {self.others} people", f"{self.jain:.3f}"),
            ("their median wait", f"{self.median_seconds:.2f} s"),
            (
                f"the same without somebody's {self.spam_jobs} jobs",
                f"{self.median_without_spam_seconds:.2f} s",
            ),
            ("ratio", f"{self.ratio:.2f}"),
            ("median wait of the busy one", f"{self.spammer_median_seconds:.2f} s"),
        ]


def measure_fairness(
    *, others: int = OTHERS, spam_jobs: int = SPAM, rows: int = 8, step_seconds: float = 0.004
) -> Fairness:
    """Orders of four pictures, twelve steps; a forward pass takes `step_seconds` for each row.

    The busy one comes first with everything; the others come one after another and ask, all together, for six
    tenths of what the easel can do.
    """
    each = 4 * 12 * step_seconds / LOAD
    ordinary = [_asked(f"person {n}", at_seconds=0.2 + n * each, seed=n) for n in range(others)]
    spam = [_asked("busy", at_seconds=0.0, seed=1000 + n) for n in range(spam_jobs)]
    with_spam = _play([*spam, *ordinary], rows=rows, step_seconds=step_seconds)
    without = _play(ordinary, rows=rows, step_seconds=step_seconds)
    waited = with_spam[spam_jobs:]
    return Fairness(
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


def _asked(person: str, *, at_seconds: float, seed: int) -> Asked:
    sketch = Sketch(prompt="", seed=seed, width=256, height=256, steps=12, guidance_scale=1.0)
    return Asked(person=person, at_seconds=at_seconds, sketches=(sketch,) * 4)


def _play(asked: Sequence[Asked], *, rows: int, step_seconds: float) -> list[float]:
    from engine.benches.stage import easel_for
    from engine.easel.rehearsal import NullPainter

    painter = NullPainter(seconds_per_row=step_seconds)
    with easel_for(painter, device="cpu", rows=rows) as easel:
        return play(easel, painter, asked)
