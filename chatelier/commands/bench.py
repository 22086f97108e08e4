"""`chatelier bench`: figures instead of guesses."""

import json
import platform
from dataclasses import asdict
from typing import Annotated

import typer

bench = typer.Typer(
    help="Measure this machine. Each command prints a table, or JSON with [bold]--json[/].",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def register(app: typer.Typer) -> None:
    app.add_typer(bench, name="bench")


@bench.command("room")
def room(
    people: Annotated[int, typer.Option(min=1, max=200, help="How many type at once.")] = 50,
    model: Annotated[str | None, typer.Option(help="The model; the bundled one by default.")] = None,
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
