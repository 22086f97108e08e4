"""`chatelier bench`: figures instead of guesses."""

import json
import platform
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from chatelier.benches.marks import marks
from chatelier.benches.thimble import thimble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.benches.stage import Stage

bench = typer.Typer(
    help="Measure this machine. Each command prints a table, or JSON with [bold]--json[/].",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
Model = Annotated[str | None, typer.Option(help="The model; the bundled one by default.")]
Random = Annotated[
    str | None, typer.Option(help="Instead, a model of real size with random weights: sdxl, sd15, small.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def register(app: typer.Typer) -> None:
    app.add_typer(bench, name="bench")


bench.command("thimble")(thimble)
bench.command("marks")(marks)


@bench.command("room")
def room(
    people: Annotated[int, typer.Option(min=1, max=200, help="How many type at once.")] = 50,
    model: Model = None,
    as_json: AsJson = False,
) -> None:
    """The whole studio over loopback: opening, memory, four pictures, acknowledgements.

    A studio is opened in a temporary folder and closed again. Takes a minute or two.

    Example: [bold]chatelier bench room --people 50[/]
    """
    from chatelier.benches.room import measure_room
    from chatelier.console import remarks

    figures = measure_room(people=people, model=model, say=remarks().print)
    show("The room", figures.rows(), asdict(figures), as_json=as_json)


@bench.command("lanes")
def lanes(
    model: Model = None,
    random: Random = None,
    requests: Annotated[int, typer.Option(min=4, max=1000, help="How many requests arrive.")] = 40,
    load: Annotated[float, typer.Option(min=0.1, max=2, help="Share of what the easel can do.")] = 0.7,
    pictures: Annotated[int, typer.Option(min=1, max=8, help="Pictures in each request.")] = 1,
    rows: Annotated[int, typer.Option(min=1, max=64, help="Most rows of a forward pass.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Mixed requests as they come: batched per step, as whole requests, and one at a time.

    Paints everything four times; with the bundled model on two CPU cores some minutes.

    Example: [bold]chatelier bench lanes --requests 20[/]
    """
    from engine.benches.lanes import measure_lanes

    with _stage(model, random) as stage:
        figures = measure_lanes(stage, requests=requests, load=load, pictures=pictures, rows=rows)
    show("Lanes", figures.rows(), asdict(figures), as_json=as_json)


@bench.command("throughput")
def throughput(
    model: Model = None,
    random: Random = None,
    pictures: Annotated[int, typer.Option(min=4, max=1000, help="How many pictures.")] = 16,
    steps: Annotated[int | None, typer.Option(min=1, max=200, help="Steps; the model's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Pictures a second on a busy easel, against the plain diffusers pipeline at its best batch.

    Example: [bold]chatelier bench throughput --pictures 8[/]
    """
    from engine.benches.throughput import measure_throughput

    with _stage(model, random) as stage:
        figures = measure_throughput(stage, pictures=pictures, steps=steps)
    show("Throughput", figures.rows(), asdict(figures), as_json=as_json)


@bench.command("fair")
def fair(
    others: Annotated[int, typer.Option(min=2, max=200, help="People who ask once.")] = 20,
    jobs: Annotated[int, typer.Option(min=1, max=500, help="Jobs of the one who asks often.")] = 32,
    as_json: AsJson = False,
) -> None:
    """One person with many jobs and many people with one: who waits how long.

    Needs no model: the forward pass is a pause. About twenty seconds.

    Example: [bold]chatelier bench fair[/]
    """
    from engine.benches.fair import measure_fairness

    figures = measure_fairness(others=others, spam_jobs=jobs)
    show("Fairness", figures.rows(), asdict(figures), as_json=as_json)


@bench.command("overhead")
def overhead(
    lanes: Annotated[int, typer.Option(min=1, max=64, help="Lanes side by side.")] = 16,
    as_json: AsJson = False,
) -> None:
    """What the easel itself takes, around a forward pass that takes nothing.

    Example: [bold]chatelier bench overhead[/]
    """
    from engine.benches.overhead import measure_overhead

    figures = measure_overhead(lanes=lanes)
    show("Overhead", figures.rows(), asdict(figures), as_json=as_json)


@contextmanager
def _stage(model: str | None, random: str | None) -> "Iterator[Stage]":
    """A model, loaded on the device of the settings."""
    from chatelier.settings import load_settings
    from chatelier.wiring import model_catalogue
    from engine.benches.stage import set_up, set_up_random

    settings = load_settings()
    device, threads = settings.worker.device, settings.worker.cpu_threads
    if random is None:
        yield set_up(model_catalogue(settings), model=model, device=device, threads=threads)
        return
    with set_up_random(random, device=device, threads=threads) as stage:
        yield stage


def show(title: str, rows: list[tuple[str, str]], data: dict[str, object], *, as_json: bool) -> None:
    """A measurement on standard output, with the machine that it was made on."""
    from rich.table import Table

    from chatelier.console import answers

    if as_json:
        answers().print_json(json.dumps({"machine": platform.platform(), **data}))
        return
    table = Table(title=title, show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    answers().print(table)
