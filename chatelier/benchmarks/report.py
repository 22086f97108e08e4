"""A measurement for people, and as JSON."""

import json
import os
import platform
from pathlib import Path
from typing import Annotated

import typer

JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write the figures there as JSON; - prints them instead."),
]


def show(title: str, rows: list[tuple[str, str]], data: dict[str, object], *, json_file: Path | None) -> None:
    """A measurement on standard output; in the file with the machine that it was made on."""
    from rich.table import Table

    from chatelier.runtime.console import answers

    report = _report(data)
    if json_file == Path("-"):
        answers().print_json(report)
        return
    table = Table(title=title, show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    answers().print(table)
    if json_file is not None:
        write_figures(json_file, data)


def write_figures(json_file: Path, data: dict[str, object]) -> None:
    """Whole or not at all, also while the process is killed."""
    unfinished = json_file.with_name(f".{json_file.name}.{os.getpid()}")
    try:
        unfinished.write_text(_report(data) + "\n", encoding="utf-8")
        unfinished.replace(json_file)
    finally:
        unfinished.unlink(missing_ok=True)


def _report(data: dict[str, object]) -> str:
    return json.dumps({"machine": platform.platform(), **data}, indent=1)
