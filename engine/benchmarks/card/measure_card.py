"""`bench gpu`: what a large card does with SDXL-sized models of random weights, in a few minutes."""

import statistics
from collections.abc import Callable
from dataclasses import replace

from engine.benchmarks.card.report import CardReport
from engine.benchmarks.card.stage_figures import StageFigures
from engine.benchmarks.harness import Stage, set_up_random
from engine.benchmarks.overhead import measure_overhead
from engine.benchmarks.throughput import batcher_per_second, stock_per_second
from engine.performance_settings import PLAIN, Speed
from studio.errors import BadParameterError

LARGE, QUICK = "sdxl", "sdxl-turbo"
LONGEST_SECONDS = 480.0
_AT_ONCE = (1, 2, 4)  # pictures side by side in small passes
# What a part needs at least on a large card, with making its model.
_LARGE_SECONDS, _PLAIN_SECONDS, _QUICK_SECONDS, _GRAPH_SECONDS = 60.0, 30.0, 45.0, 60.0


def measure_card(
    report: CardReport,
    *,
    speed: Speed,
    device: str | None = "cuda",
    large: str = LARGE,
    quick: str = QUICK,
    pictures: int = 32,
) -> None:
    """All figures, into the report. Raises `BadParameterError` where there is no CUDA card.

    `large` is measured at 1024×1024 with 20 guided Euler steps, `quick` at 512×512 without guidance.
    """
    _require_card(device)
    is_real = large == LARGE  # small ones are for trying the command out

    def part(name: str, action: Callable[[], None], needs_seconds: float) -> None:
        report.part(name, action, needs_seconds=needs_seconds if is_real else 0.0)

    part(
        f"a model of the size of {large}",
        lambda: _large(report, large, speed, device, pictures),
        _LARGE_SECONDS,
    )
    part(
        "the plain pipeline as it is installed",
        lambda: _plain(report, large, device, pictures),
        _PLAIN_SECONDS,
    )
    part(
        f"a model of the size of {quick}",
        lambda: _quick(report, quick, speed, device, pictures),
        _QUICK_SECONDS,
    )
    recorded = replace(speed, graphs=True)
    if recorded.on(device_type(device)).graphs:
        part("small passes as CUDA graphs", lambda: _graphs(report, quick, recorded, device), _GRAPH_SECONDS)
    report.add("seconds", "measured in", report.seconds, f"{report.seconds:.0f} s")


def _large(report: CardReport, name: str, speed: Speed, device: str | None, pictures: int) -> None:
    with set_up_random(name, device=device, speed=speed) as stage:
        figures = StageFigures(stage, report)
        words = speed.on(device_type(stage.device)).words()
        report.add("device", "device", figures.device_name, figures.device_name)
        report.add("speed", "speed, as set", words, words)
        report.part("compiling and warming up", lambda: _warm_up(report, stage, figures, pictures))
        report.part(
            "a step by its rows", lambda: figures.rows_curve("rows_curve", "a step by its rows", pictures)
        )
        report.part("one picture alone", lambda: _alone(report, stage))
        report.part("large pictures on the step batcher", lambda: _busy(report, stage, figures, pictures))
        report.part(
            "how long the card idles",
            lambda: figures.idle("large_idle", "idle share of the card, one picture"),
        )
        rate = report.value("large_batcher")
        # Two sizes of batches, each painted twice.
        stock_seconds = 4 * figures.at_once(pictures) / rate if rate else 0.0
        report.part(
            "large pictures with the plain pipeline",
            lambda: _tuned_stock(report, stage, pictures),
            needs_seconds=stock_seconds,
        )
        report.part("the step batcher's bookkeeping", lambda: _bookkeeping(report, stage))


def _warm_up(report: CardReport, stage: Stage, figures: StageFigures, pictures: int) -> None:
    at_once = figures.at_once(pictures)
    batcher_per_second(stage, [stage.new_sample(seed=seed, steps=2) for seed in range(at_once)])
    ready = report.seconds
    report.add("ready_seconds", "from nothing to the first pictures", ready, f"{ready:.0f} s")
    graphs = figures.compiled_graphs()
    text = f"compiled, {graphs} graphs" if graphs else "eager: nothing was compiled"
    report.add("compiled_graphs", "blocks", graphs, text)


def _alone(report: CardReport, stage: Stage) -> None:
    seconds = 1 / batcher_per_second(stage, [stage.new_sample()])
    report.add("large_alone_seconds", "one large picture alone", seconds, f"{seconds:.2f} s")


def _busy(report: CardReport, stage: Stage, figures: StageFigures, pictures: int) -> None:
    alone = report.value("large_alone_seconds") or 1.0
    count = figures.affordable(pictures, seconds_each=alone)
    figures.forget_peak()
    rate = batcher_per_second(stage, [stage.new_sample(seed=seed) for seed in range(count)])
    report.add(
        "large_batcher",
        f"{_describe(stage)} on the step batcher",
        rate,
        f"{rate:.3f} pictures a second",
    )
    figures.peak("large_peak_bytes", "its peak memory")


def _tuned_stock(report: CardReport, stage: Stage, pictures: int) -> None:
    """In batches of half and all that a step batcher takes."""
    at_once = StageFigures(stage, report).at_once(pictures)
    params_list = [stage.new_sample(seed=seed) for seed in range(at_once)]
    rate, batch = stock_per_second(stage, params_list, batches=tuple({at_once, max(1, at_once // 2)}))
    report.add(
        "large_stock", "the same by the plain pipeline, networks tuned", rate, _stock(report, rate, batch)
    )
    report.add("large_stock_batch", "  in batches of", batch, str(batch))


def _bookkeeping(report: CardReport, stage: Stage) -> None:
    overhead = measure_overhead(samples=16, stage=stage)
    found, step = overhead.bookkeeping_ms, overhead.step_ms
    report.add("bookkeeping_ms", "bookkeeping in a step of 16 samples", found, f"{found:.2f} ms")
    if step:
        report.add("step_ms", "  beside that step", step, f"{step:.1f} ms, so {found / step:.2%}")


def _plain(report: CardReport, name: str, device: str | None, pictures: int) -> None:
    """Neither fused nor compiled, and in the memory layout in which diffusers loads it."""
    with set_up_random(name, device=device, speed=PLAIN, as_installed=True) as stage:
        params_list = [
            stage.new_sample(seed=seed) for seed in range(StageFigures(stage, report).at_once(pictures))
        ]
        rate, _ = stock_per_second(stage, params_list[:1], batches=(1,))
        report.add(
            "installed_alone_seconds",
            "one large picture by the plain pipeline as installed",
            1 / rate,
            f"{1 / rate:.2f} s",
        )
        half = max(1, len(params_list) // 2)
        rate, batch = stock_per_second(stage, params_list, batches=tuple({len(params_list), half}))
        report.add(
            "installed_stock",
            "large pictures by the plain pipeline as installed",
            rate,
            _stock(report, rate, batch),
        )


def _stock(report: CardReport, rate: float, batch: int) -> str:
    ours = report.value("large_batcher")
    ratio = f" (step batcher: {ours / rate:.2f} times)" if ours else ""
    return f"{rate:.3f} pictures a second in batches of {batch}{ratio}"


def _quick(report: CardReport, name: str, speed: Speed, device: str | None, pictures: int) -> None:
    with set_up_random(name, device=device, speed=speed) as stage:
        figures = StageFigures(stage, report)
        for steps in (1, 4):
            params_list = [stage.new_sample(seed=seed, steps=steps) for seed in range(2 * pictures)]
            rate = batcher_per_second(stage, params_list)
            alone, _ = stock_per_second(stage, params_list[: max(1, pictures // 2)], batches=(1,))
            text = f"{rate:.1f} pictures a second, one at a time {alone:.1f}: {rate / alone:.1f} times"
            report.add(
                f"quick_{steps}_steps",
                _describe(stage, steps=steps),
                {"batcher": rate, "one_at_a_time": alone},
                text,
            )
        _small_passes(report, figures, "quick", "a small step")


def _graphs(report: CardReport, name: str, speed: Speed, device: str | None) -> None:
    with set_up_random(name, device=device, speed=speed) as stage:
        _small_passes(report, StageFigures(stage, report), "graphs", "a small step as a CUDA graph")


def _small_passes(report: CardReport, figures: StageFigures, key: str, label: str) -> None:
    found: dict[int, float] = {}
    for count in _AT_ONCE:
        found[count] = statistics.median(figures.step_ms(count, times=8)[3:])
        text = ", ".join(f"{at_once}: {ms:.1f} ms" for at_once, ms in found.items())
        report.add(f"{key}_step_ms", f"{label}, by pictures side by side", dict(found), text)
    figures.idle(f"{key}_idle", f"{label}: idle share of the card with one picture")


def _describe(stage: Stage, *, steps: int | None = None) -> str:
    entry = stage.entry
    count = steps or entry.steps
    return f"{entry.width}×{entry.height}, {count} step{'s' if count > 1 else ''},"


def _require_card(device: str | None) -> None:
    from engine.adapters.loading.model_parts import has_card

    if (device or "").startswith("cuda") and not has_card():
        raise BadParameterError("device", "no_cuda")


def device_type(device: str | None) -> str:
    return (device or "cpu").partition(":")[0]
