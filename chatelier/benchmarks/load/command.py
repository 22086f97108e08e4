"""`chatelier bench load`."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from chatelier.benchmarks.report import JsonFile, show


def load(
    *,
    people: Annotated[
        int, typer.Option(min=1, max=2000, help="How many people, evenly on the front ends.")
    ] = 200,
    minutes: Annotated[
        float, typer.Option(min=0.05, max=120, help="How long they ask again and again.")
    ] = 10,
    front_ends: Annotated[
        str, typer.Option("--front-ends", help="Which front ends, joined by commas.")
    ] = "discord,slack,web",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes, a sleeping card each.")] = 2,
    side: Annotated[
        int, typer.Option(min=64, max=2048, help="Width and height of the pictures, in pixels.")
    ] = 256,
    postgresql: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A server on which databases may be made; without one: SQLite."),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """An installation under load: its processes, Redis, a loopback Discord and Slack, and many people.

    First everybody asks at once, then everybody again and again, then jobs that wait are painted without front ends.
    Pictures take the time of a large card, without one. Ctrl-C ends with what was measured.

    Example: [bold]chatelier bench load --people 50 --minutes 1[/]
    """
    from chatelier.benchmarks.load.measurement import LoadPlan, measure_load
    from chatelier.benchmarks.load.people import FRONTENDS
    from chatelier.runtime.console import remarks
    from studio.errors import BadParameterError

    chosen = tuple(dict.fromkeys(name.strip() for name in front_ends.split(",") if name.strip()))
    if not chosen or not set(chosen) <= set(FRONTENDS):
        raise BadParameterError("front-ends", "not_a_choice", choices=FRONTENDS)
    plan = LoadPlan(
        people=people,
        minutes=minutes,
        frontends=chosen,
        workers=workers,
        side_pixels=side,
        postgresql=postgresql,
    )
    figures = asyncio.run(measure_load(plan, remarks().print))
    show("Load", figures.rows(), asdict(figures), json_file=json_file)
