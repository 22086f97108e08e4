"""`chatelier policy artists …`: artists who asked that their style is not imitated."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from moderation.cli.hash_commands import end_with
from studio.domain.people import Platform
from studio.errors import ChatelierError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

artists_app = typer.Typer(help="Artists who asked that their style is not imitated.", no_args_is_help=True)

DatabaseUrl = Annotated[
    str, typer.Option("--database", envvar="CHATELIER_DATABASE_URL", help="The database's URL.")
]


@artists_app.command("list")
def list_artists(database: DatabaseUrl) -> None:
    """Print platform, community and name, with tabs between."""
    from moderation.cases.artist_opt_outs import list_opt_outs

    with _transaction(database) as session:
        for row in list_opt_outs(session):
            typer.echo(f"{row.platform}\t{row.community}\t{row.written}")


@artists_app.command("remove")
def remove_artist(platform: Platform, community: str, name: str, database: DatabaseUrl) -> None:
    """Take a name off the list of a community. Ends with 1 when it is not on it."""
    from moderation.cases.artist_opt_outs import remove_opt_out

    with _transaction(database) as session:
        removed = remove_opt_out(session, platform, community, name)
    typer.echo(f"{int(removed)} removed.")
    if not removed:
        raise typer.Exit(1)


@contextmanager
def _transaction(url: str) -> Iterator["Session"]:
    from studio.db.database import Database

    database = Database(url)
    try:
        with database.begin() as session:
            yield session
    except ChatelierError as error:
        raise end_with(error) from error
    finally:
        database.close()
