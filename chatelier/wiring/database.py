"""Connecting to the database, and the messages when it does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from chatelier.runtime import db_schema
from chatelier.runtime.private_files import close_home_to_others
from chatelier.settings import Settings
from chatelier.settings.redaction import mask_url
from chatelier.wiring.instance import make_folder
from studio.db.database import Database, is_broken
from studio.errors import ConfigurationError, DatabaseUnavailableError


def connect_database(settings: Settings) -> Database:
    """The database, whatever its schema; a SQLite file is for this user only.

    Raises `ConfigurationError` when its folder cannot be made.
    """
    database = Database(settings.database)
    if database.is_sqlite and (file := database.url.database) and file != ":memory:":
        make_folder(Path(file).parent)
        with suppress(OSError):  # SQLite says what is wrong with a file that cannot be made
            Path(file).touch(mode=0o600)  # its journals get the same mode
    close_home_to_others(settings.home)
    return database


def open_database(settings: Settings) -> Database:
    """Raises `ConfigurationError` when it does not answer, or when its schema is not this version's."""
    database = connect_database(settings)
    try:
        with explain_database_errors(settings):
            db_schema.require_current(database)
    except BaseException:
        database.close()
        raise
    return database


def upgrade_database(settings: Settings) -> tuple[str | None, str]:
    """The schema's revisions before and after. Raises `ConfigurationError`."""
    database = connect_database(settings)
    try:
        with explain_database_errors(settings):
            return db_schema.upgrade(database)
    finally:
        database.close()


@contextmanager
def explain_database_errors(settings: Settings) -> Iterator[None]:
    """While a process starts, a database that is away is said to the administrator, by its address."""
    try:
        yield
    except DatabaseUnavailableError as error:
        if isinstance(error.__cause__, DBAPIError) and is_broken(error.__cause__):
            raise ConfigurationError(
                db_schema.damaged_message(mask_url(settings.database), cause_of(error))
            ) from error
        raise ConfigurationError(
            f"The database {mask_url(settings.database)} does not answer ({cause_of(error)})."
            f" {cure_of(settings.database)}"
        ) from error


def cause_of(error: DatabaseUnavailableError) -> str:
    """The driver's own first line, which names no password."""
    cause = getattr(error.__cause__, "orig", None) or error.__cause__
    return str(cause).strip().splitlines()[0] if cause and str(cause).strip() else "no reason given"


def cure_of(url: str) -> str:
    """What to do about a database that cannot be used."""
    if url.startswith("sqlite"):
        return "Free space on its disk, let this user write there, or put a copy from before in its place."
    return "Start it, or correct CHATELIER_DATABASE_URL."
