"""`chatelier verify IMAGE`: where a picture comes from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chatelier.settings import Settings
    from studio.commands.results import Attribution
    from studio.domain.provenance import Traces


def register(app: typer.Typer) -> None:
    app.command("verify")(verify)


def verify(
    image: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP or GIF, from any source.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say where a picture comes from: by its content credentials, its invisible mark, its text or its looks.

    Looks it up in the records if the database is there. Exit status 1 when nothing tells.

    Examples:

      chatelier verify picture.png

      chatelier verify screenshot.jpg --json
    """
    from bots.presentation.compose.provenance import compose_attribution
    from bots.presentation.plain_text import plain_lines
    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings

    settings = load_settings()
    traces = _traces(settings, image)
    found = _attribution(settings, traces)
    if as_json:
        _print_json(traces, found)
    else:
        for line in plain_lines(compose_attribution(found)):
            answers().print(line, soft_wrap=True, markup=False, highlight=False)
    if not (found.known or traces.claims or traces.signed_by or traces.software):
        raise typer.Exit(1)


def _traces(settings: "Settings", image: Path) -> "Traces":
    """Raises `BadImageError`, also for a file that cannot be read."""
    from chatelier.wiring.provenance import open_examiner
    from engine.imaging.image_tools import PillowImageTools
    from studio.errors import BadImageError

    try:
        data = image.read_bytes()
    except OSError as error:
        raise BadImageError("unreadable_file", file=str(image), cause=str(error.strerror)) from error
    return open_examiner(settings).examine(data, png=PillowImageTools().clean(data).png)


def _attribution(settings: "Settings", traces: "Traces") -> "Attribution":
    """What the records say; without a database, what the file says."""
    from bots.presentation.compose.errors import error_text
    from chatelier.runtime.console import print_warning
    from chatelier.wiring.database import open_database
    from studio.commands.pictures.whose import attribute, attribution_from_file
    from studio.db.database import Database
    from studio.errors import ConfigurationError, DatabaseUnavailableError

    file = Database(settings.database).url.database
    if settings.database_url is None and not (file and Path(file).exists()):
        return attribution_from_file(traces)
    try:
        database = open_database(settings)
    except (DatabaseUnavailableError, ConfigurationError) as error:
        print_warning(f"The records were not asked: {error_text(error)}")
        return attribution_from_file(traces)
    try:
        with database.read() as session:
            return attribute(session, traces, None)
    finally:
        database.close()


def _print_json(traces: "Traces", found: "Attribution") -> None:
    import json

    from studio.serialization import to_data

    report = {"file": to_data(traces), "records": to_data(found)}
    typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
