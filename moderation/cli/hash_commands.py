"""`chatelier policy hashes …`: the list of pictures that nobody may see or bring along."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

hashes_app = typer.Typer(help="The list of blocked pictures, as PDQ hashes.", no_args_is_help=True)

ListFile = Annotated[
    Path,
    typer.Option(
        "--list",
        envvar="CHATELIER_MODERATION__BLOCKED_PICTURES",
        help="The list; made if it is not there yet.",
    ),
]
_console = Console()
_errors = Console(stderr=True)


@hashes_app.command("import")
def import_hashes(
    file: Annotated[Path, typer.Argument(help="A CSV as ThreatExchange or another community writes it.")],
    listed: ListFile,
    remark: Annotated[
        str, typer.Option(help="Kept beside each new hash; else the file's name and the day.")
    ] = "",
) -> None:
    """Add the PDQ hashes of a CSV. Hashes of other kinds and of pictures without detail are left out."""
    from moderation.vision import hash_lists

    remark = " ".join((remark or f"{file.name}, {datetime.now(UTC):%Y-%m-%d}").replace("#", " ").split())
    try:
        done = hash_lists.add_from_csv(listed, file, remark=remark)
    except (ValueError, OSError) as error:
        raise end_with(error) from error
    _console.print(f"{done.added} added, {done.known} known already, {done.skipped} left out.")


@hashes_app.command("list")
def list_hashes(listed: ListFile) -> None:
    """Print every hash with its remark."""
    from moderation.vision import hash_lists

    try:
        hashes = hash_lists.read_list(listed.read_text("utf-8")) if listed.exists() else {}
    except (ValueError, OSError) as error:
        raise end_with(error) from error
    for entry in hashes.values():
        typer.echo(entry.line)
    _errors.print(f"{len(hashes)} hashes")


@hashes_app.command("remove")
def remove_hash(
    digits: Annotated[
        str, typer.Argument(metavar="HASH", help="The hash, or its first eight digits or more.")
    ],
    listed: ListFile,
) -> None:
    """Take a hash out of the list. Ends with 1 when it is not in it."""
    from moderation.vision import hash_lists

    try:
        removed = hash_lists.remove(listed, digits)
    except (ValueError, OSError) as error:
        raise end_with(error) from error
    _console.print(f"{removed} removed.")
    if not removed:
        raise typer.Exit(1)


def end_with(error: Exception) -> typer.Exit:
    """One sentence for the administrator, and status 1."""
    sentence = str(error)
    if isinstance(error, OSError) and error.filename:
        sentence = f"{error.filename} cannot be used ({error.strerror}). Name another, or give this user the right to."
    _errors.print(sentence, style="red", markup=False, soft_wrap=True)
    return typer.Exit(1)
