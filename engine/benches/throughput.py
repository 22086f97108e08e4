"""`bench throughput`: pictures a second when the easel is never idle, against the plain pipeline's best batch."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
    folder: Path,
    pictures: int = 16,
    steps: int | None = None,
    batches: Sequence[int] = BATCHES,
) -> Throughput:
    entry = stage.entry
    sketches = [
        Sketch(
            prompt="a red apple",
            seed=seed,
            width=entry.width,
            height=entry.height,
            steps=steps or entry.steps,
            guidance_scale=entry.guidance_scale,
        )
        for seed in range(pictures)
    ]
    stock, batch = _stock(folder, stage, sketches, batches)
    easel = _easel(stage, sketches)
    mixed, alone = _mixed_forwards(stage)
    return Throughput(
        model=entry.name,
        pictures=pictures,
        easel_per_second=easel,
        stock_per_second=stock,
        stock_batch=batch,
        mixed_forwards=mixed,
        mixed_forwards_one_at_a_time=alone,
    )


def _easel(stage: Stage, sketches: Sequence[Sketch]) -> float:
    asked = [Asked(person=str(n), at_seconds=0.0, sketches=(each,)) for n, each in enumerate(sketches)]
    with easel_for(stage.painter, device=stage.device) as easel:
        play(easel, stage.painter, asked[:4])
        started = time.perf_counter()
        play(easel, stage.painter, asked)
        return len(sketches) / (time.perf_counter() - started)


def _stock(
    folder: Path, stage: Stage, sketches: Sequence[Sketch], batches: Sequence[int]
) -> tuple[float, int]:
    """Pictures a second at the best static batch, and that batch."""
    from engine.painters.stock import StockPipeline
    from engine.painters.weights import choose_device

    pipeline = StockPipeline(folder, device=choose_device(stage.device), dtype=stage.entry.dtype)
    pipeline.seconds(sketches[:1])
    found = []
    for batch in batches:
        if batch <= len(sketches):
            runs = len(sketches) // batch
            seconds = sum(pipeline.seconds(sketches[n * batch : (n + 1) * batch]) for n in range(runs))
            found.append((runs * batch / seconds, batch))
    return max(found)


def _mixed_forwards(stage: Stage) -> tuple[int, int]:
    """Forward passes for 24 mixed requests on an easel of eight rows, and one at a time. Counted, not timed."""
    from engine.easel.rehearsal import NullPainter

    dice = random.Random(5)
    entry = stage.entry
    asked = [
        Asked(
            person=str(number),
            at_seconds=0.0,
            sketches=mixed_sketches(
                dice,
                count=1,
                width=256,
                height=256,
                steps=entry.steps,
                guidance_scale=max(2.0, entry.guidance_scale),
            ),
        )
        for number in range(24)
    ]
    painter = NullPainter()
    with easel_for(painter, device="cpu", rows=8) as easel:
        play(easel, painter, asked)
    return len(painter.started), sum(sketch.steps for one in asked for sketch in one.sketches)
