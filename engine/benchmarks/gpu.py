"""`bench gpu`: what a large card does with SDXL-sized models of random weights, in a few minutes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.benchmarks.harness import Stage, set_up_random
from engine.benchmarks.overhead import measure_overhead
from engine.benchmarks.throughput import batcher_per_second, stock_per_second
from engine.performance_settings import Speed
from studio.errors import BadParameterError

LARGE, QUICK = "sdxl", "sdxl-turbo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Pictures a second. `large` is 1024×1024 at 20 guided Euler steps, `quick` 512×512 without guidance."""

    device: str
    speed: str
    ready_seconds: float
    large_batcher: float
    large_stock: float
    large_stock_batch: int
    quick_batcher: dict[int, float]  # by steps
    quick_alone: dict[int, float]
    step_ms: float
    bookkeeping_ms: float
    seconds: float

    def rows(self) -> list[tuple[str, str]]:
        quick = [
            (
                f"512×512, {steps} step{'s' if steps > 1 else ''}",
                f"{self.quick_batcher[steps]:.1f} pictures a second, one at a time {alone:.1f}:"
                f" {self.quick_batcher[steps] / alone:.1f} times",
            )
            for steps, alone in self.quick_alone.items()
        ]
        return [
            ("device", self.device),
            ("speed", self.speed),
            ("from nothing to the first pictures, compiled", f"{self.ready_seconds:.0f} s"),
            (
                "1024×1024, 20 guided steps, on the step batcher",
                f"{self.large_batcher:.3f} pictures a second",
            ),
            (
                "the same by the plain pipeline",
                f"{self.large_stock:.3f} in batches of {self.large_stock_batch}"
                f" (ratio {self.large_batcher / self.large_stock:.2f})",
            ),
            *quick,
            ("bookkeeping in a step of 16 samples", f"{self.bookkeeping_ms / self.step_ms:.2%}"),
            ("measured in", f"{self.seconds:.0f} s"),
        ]


def measure_card(
    *,
    speed: Speed,
    device: str | None = "cuda",
    large: str = LARGE,
    quick: str = QUICK,
    pictures: int = 32,
    say: Callable[[str], None] = lambda text: None,
) -> Card:
    """Raises `BadParameterError` where there is no CUDA card."""
    _require_card(device)
    began = time.perf_counter()
    say(f"Making a model of the size of {large}.")
    with set_up_random(large, device=device, speed=speed) as stage:
        found_large = _large(stage, pictures=pictures, began=began, say=say)
        name = _name(stage.device)
        say("Measuring the step batcher's bookkeeping.")
        overhead = measure_overhead(samples=16, stage=stage)
    say(f"Making a model of the size of {quick}.")
    batcher, alone = {}, {}
    with set_up_random(quick, device=device, speed=speed) as stage:
        for steps in (1, 4):
            say(f"Painting pictures of {steps} steps.")
            params_list = [stage.new_sample(seed=seed, steps=steps) for seed in range(2 * pictures)]
            batcher[steps] = batcher_per_second(stage, params_list)
            alone[steps], _ = stock_per_second(stage, params_list[: pictures // 2], batches=(1,))
    return Card(
        device=name,
        speed=speed.on(device or "cpu").words(),
        quick_batcher=batcher,
        quick_alone=alone,
        step_ms=overhead.step_ms or float("nan"),
        bookkeeping_ms=overhead.bookkeeping_ms,
        seconds=time.perf_counter() - began,
        **found_large,  # type: ignore[arg-type]
    )


def _large(
    stage: Stage, *, pictures: int, began: float, say: Callable[[str], None]
) -> dict[str, float | int]:
    """In the step batcher, and by the plain pipeline in batches of half and all that a step batcher takes."""
    say("Compiling and warming up.")
    at_once = max(1, min(stage.rows() // 2, pictures))
    batcher_per_second(stage, [stage.new_sample(seed=seed, steps=2) for seed in range(at_once)])
    ready_seconds = time.perf_counter() - began
    params_list = [stage.new_sample(seed=seed) for seed in range(pictures)]
    say("Generating large images on the step batcher.")
    batcher = batcher_per_second(stage, params_list)
    say("Generating large images with the plain pipeline.")
    stock, batch = stock_per_second(
        stage, params_list[: 2 * at_once], batches=tuple({at_once, max(1, at_once // 2)})
    )
    return {
        "ready_seconds": ready_seconds,
        "large_batcher": batcher,
        "large_stock": stock,
        "large_stock_batch": batch,
    }


def _require_card(device: str | None) -> None:
    from engine.adapters.loading.model_parts import has_card

    if (device or "").startswith("cuda") and not has_card():
        raise BadParameterError("device", "no_cuda")


def _name(device: str) -> str:
    from engine.adapters.loading.model_parts import choose_device, device_name

    return device_name(choose_device(device))
