"""`chatelier verify IMAGE`: where a picture comes from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chatelier.settings import Settings
    from studio.commands.results import Attribution
    from studio.domain.provenance import Traces, Verification


def register(app: typer.Typer) -> None:
    app.command("verify")(verify)


def verify(
    image: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP or GIF, from any source.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say where a picture comes from: by its content credentials, its invisible mark, its text or its looks.

    Says the same sentences as the page /verify of the web front end, and to you also who made it.
    Looks it up in the records if the database is there. Exit status 1 when nothing tells.

    Examples:

      chatelier verify picture.png

      chatelier verify screenshot.jpg --json
    """
    from bots.presentation.compose.provenance.attribution import compose_attribution
    from bots.presentation.compose.provenance.verification import compose_verification
    from bots.presentation.plain_text import plain_lines
    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from studio.domain.provenance import Origin

    settings = load_settings()
    traces = _traces(settings, image)
    verification, found = _look_up(settings, traces)
    if as_json:
        _print_json(traces, verification, found)
    else:
        lines = plain_lines(compose_verification(verification))
        if found.known:
            lines += ["", *plain_lines(compose_attribution(found))]
        for line in lines:
            answers().print(line, soft_wrap=True, markup=False, highlight=False)
    if verification.origin is Origin.UNKNOWN and not (found.known or traces.signed_by):
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


def _look_up(settings: "Settings", traces: "Traces") -> "tuple[Verification, Attribution]":
    """What the records say to anybody and to the administrator; without a database, what the file says."""
    from bots.presentation.compose.errors import error_text
    from chatelier.runtime.console import print_warning
    from chatelier.wiring.database import open_database
    from studio.commands.pictures.origin_verification import verify_origin
    from studio.commands.pictures.whose import attribute, attribution_from_file
    from studio.db.database import Database
    from studio.errors import ConfigurationError, DatabaseUnavailableError

    unconfirmed = verify_origin(traces, None), attribution_from_file(traces)
    file = Database(settings.database).url.database
    if settings.database_url is None and not (file and Path(file).exists()):
        return unconfirmed
    try:
        database = open_database(settings)
    except (DatabaseUnavailableError, ConfigurationError) as error:
        print_warning(f"The records were not asked: {error_text(error)}")
        return unconfirmed
    try:
        with database.read() as session:
            return verify_origin(traces, session), attribute(session, traces, None)
    finally:
        database.close()


def _print_json(traces: "Traces", verification: "Verification", found: "Attribution") -> None:
    import json

    from bots.presentation.compose.provenance.verification import verification_data
    from studio.serialization import to_data

    report = {
        "file": to_data(traces),
        "records": to_data(found),
        "verification": verification_data(verification),
    }
    typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
