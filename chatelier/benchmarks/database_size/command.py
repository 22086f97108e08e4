"""`chatelier bench database`."""

import json
import platform
from dataclasses import asdict
from typing import Annotated

import typer


def database(
    *,
    jobs: Annotated[int, typer.Option(min=1000, help="Jobs in the large database.")] = 1_000_000,
    waiting: Annotated[int, typer.Option(min=1, help="Jobs that wait there beside them.")] = 5000,
    people: Annotated[int, typer.Option(min=1, help="People who asked for them.")] = 1000,
    small: Annotated[int, typer.Option(min=1000, help="Jobs in the small database.")] = 1000,
    rounds: Annotated[int, typer.Option(min=3, max=500, help="How often each is done.")] = 15,
    postgresql: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="A server on which databases may be made; without one: SQLite alone."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """What submitting, reading, deleting and maintenance cost in a small and in a large database.

    Fills databases of its own and removes them. A million jobs take about 3 GB of disk and some minutes each.

    Example: [bold]chatelier bench database --jobs 100000 --postgresql postgresql://postgres@localhost/postgres[/]
    """
    from chatelier.benchmarks.database_size.bulk_fill import Size
    from chatelier.benchmarks.database_size.measurement import measure_database
    from chatelier.runtime.console import answers, remarks

    figures = measure_database(
        Size(jobs=jobs, waiting=waiting, people=people),
        small_jobs=small,
        rounds=rounds,
        postgresql=postgresql,
        say=remarks().print,
    )
    if as_json:
        typer.echo(json.dumps({"machine": platform.platform(), **asdict(figures)}, indent=2))
        return
    for name, value in figures.rows():
        answers().print(f"{name}: {value}")
