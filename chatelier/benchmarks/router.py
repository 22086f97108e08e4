"""`chatelier bench router`: a day of eight boxes and six models in virtual time, under three ways to hand out jobs."""

from dataclasses import asdict
from typing import Annotated

import typer

from chatelier.benchmarks.report import JsonFile, show

# Seconds of a job of four pictures on a large card and of loading, rounded: assumptions, no card was at hand.
_MODELS = (
    ("sdxl", 4.0, 12.0),
    ("flux2-klein", 5.0, 18.0),
    ("qwen-image", 12.0, 45.0),
    ("z-image", 4.0, 15.0),
    ("flux2-dev", 14.0, 60.0),
    ("sd35", 7.0, 25.0),
)


def router(
    *,
    boxes: Annotated[int, typer.Option(min=1, max=64, help="How many boxes, each painting one job.")] = 8,
    slots: Annotated[int, typer.Option(min=1, max=6, help="Models that a box holds at once.")] = 1,
    peak: Annotated[
        float, typer.Option(min=0.1, max=2, help="Work at the busiest hour, without loading.")
    ] = 0.7,
    hours: Annotated[float, typer.Option(min=1, max=72, help="Length of the day.")] = 24.0,
    json_file: JsonFile = None,
) -> None:
    """Where jobs wait least: in one common queue, with models fixed to boxes, or by the router.

    Nothing is painted; a day takes a few seconds. The same jobs come in each of the three ways, once with the same
    favourite model all day and once with another one every four hours.

    Example: [bold]chatelier bench router --slots 2[/]
    """
    from engine.benchmarks.fleet.simulation import FleetLoad, SimulatedModel, compare

    models = [SimulatedModel(name=name, job_seconds=job, load_seconds=load) for name, job, load in _MODELS]
    rows: list[tuple[str, str]] = []
    figures: dict[str, object] = {}
    for label, shift in (("the same favourite", None), ("another favourite every 4 h", 4.0)):
        load = FleetLoad(models=models, boxes=boxes, slots=slots, peak=peak, hours=hours, shift_hours=shift)
        for found in compare(load):
            waits = f"p50 {found.p50:,.0f} s, p95 {found.p95:,.0f} s, p99 {found.p99:,.0f} s"
            rows.append((f"{label}: {found.way}", f"{waits}; {found.loads:,} loads"))
            figures[f"{label}: {found.way}"] = asdict(found)
    show(f"A day of {boxes} boxes, {slots} models each, peak {peak:.0%}", rows, figures, json_file=json_file)
