"""`bench throughput`: pictures a second when the easel is never idle, against the plain pipeline's best batch."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.benches.requests import Asked, mixed_sketches, play
from engine.benches.stage import Stage, easel_for
from engine.painters.painter import Sketch

BATCHES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Equal requests against the stock pipeline; mixed ones, which it cannot batch, in forward passes."""

    model: str
    pictures: int
    easel_per_second: float
    stock_per_second: float
    stock_batch: int
    mixed_forwards: int
    mixed_forwards_one_at_a_time: int

    def rows(self) -> list[tuple[str, str]]:
        fewer = self.mixed_forwards_one_at_a_time / self.mixed_forwards
        return [
            ("model", self.model),
            ("easel", f"{self.easel_per_second:.3f} pictures a second"),
            (
                "plain pipeline",
                f"{self.stock_per_second:.3f} pictures a second in batches of {self.stock_batch}",
            ),
            ("ratio", f"{self.easel_per_second / self.stock_per_second:.2f}"),
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
) -> Throughput:
    sketches = [stage.sketch(seed=seed, steps=steps) for seed in range(pictures)]
    stock, batch = stock_per_second(stage, sketches, batches)
    easel = easel_per_second(stage, sketches)
    mixed, alone = _mixed_forwards(stage)
    return Throughput(
        model=stage.entry.name,
        pictures=pictures,
        easel_per_second=easel,
        stock_per_second=stock,
        stock_batch=batch,
        mixed_forwards=mixed,
        mixed_forwards_one_at_a_time=alone,
    )


def easel_per_second(stage: Stage, sketches: Sequence[Sketch]) -> float:
    """Pictures a second of an easel that is never idle."""
    asked = [Asked(person=str(n), at_seconds=0.0, sketches=(each,)) for n, each in enumerate(sketches)]
    with easel_for(stage.painter, device=stage.device, overlap=stage.overlap) as easel:
        play(easel, stage.painter, asked[: stage.rows()])
        started = time.perf_counter()
        play(easel, stage.painter, asked)
        return len(sketches) / (time.perf_counter() - started)


def stock_per_second(stage: Stage, sketches: Sequence[Sketch], batches: Sequence[int]) -> tuple[float, int]:
    """Pictures a second of the plain pipeline at its best static batch, and that batch."""
    from engine.painters.stock import StockPipeline

    pipeline = StockPipeline(stage.painter, stage.folder)
    found = []
    for batch in batches:
        if batch <= len(sketches):
            runs = len(sketches) // batch
            pipeline.seconds(sketches[:batch])
            seconds = sum(pipeline.seconds(sketches[n * batch : (n + 1) * batch]) for n in range(runs))
            found.append((runs * batch / seconds, batch))
    return max(found)


def _mixed_forwards(stage: Stage) -> tuple[int, int]:
    """Forward passes for 24 mixed requests on an easel of eight rows, and one at a time. Counted, not timed."""
    from engine.easel.rehearsal import NullPainter, idle_easel, take_turn
    from engine.easel.ticket import Ticket

    dice = random.Random(5)
    entry = stage.entry
    painter = NullPainter()
    easel = idle_easel(painter, rows=8)
    alone = 0
    for number in range(24):
        (sketch,) = mixed_sketches(
            dice,
            count=1,
            width=256,
            height=256,
            steps=entry.steps,
            guidance_scale=max(2.0, entry.guidance_scale),
        )
        easel.submit(Ticket([painter.sketch(sketch)], person=str(number)))
        alone += sketch.steps
    while take_turn(easel):
        pass
    return len(painter.started), alone
