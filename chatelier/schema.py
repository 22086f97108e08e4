"""The database brought up to date, once, whoever asks first."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from chatelier.migrations import HEAD
from studio.db.database import Database, is_broken
from studio.errors import DatabaseUnavailable, Misconfigured

if TYPE_CHECKING:
    from alembic.config import Config

_ADVISORY_LOCK = 0x63_68_61_74_65_6C  # "chatel"; any number that nobody else locks


def upgrade(database: Database) -> tuple[str | None, str]:
    """Apply what is missing and return the revisions before and after. Raises `DatabaseUnavailable`.

    Everything happens in one transaction, which PostgreSQL guards with an advisory lock and SQLite with its
    write lock: of two that start at once one waits, however long the other takes, and then finds nothing to do;
    and a failure leaves no half-made schema.
    """
    from alembic import command

    try:
        with database.begin_patiently() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            before = _revision(connection)
            _refuse_newer(before)
            if before != HEAD:
                command.upgrade(alembic_config(connection), "head")
    except DBAPIError as error:
        if isinstance(error, OperationalError | InterfaceError) or is_broken(error):
            raise DatabaseUnavailable from error
        raise
    return before, HEAD


def revision(database: Database) -> str | None:
    """The schema's revision, None for an empty database. Raises `DatabaseUnavailable`."""
    with database.read() as session:
        return _revision(session.connection())


def require_current(database: Database) -> None:
    """Raises `Misconfigured`, naming the command to run, unless the schema is the one of this version."""
    found = revision(database)
    _refuse_newer(found)
    if found != HEAD:
        what = "is empty" if found is None else f"has schema {found}, and this version needs {HEAD}"
        raise Misconfigured(f"The database {what}. Bring it up to date with: chatelier db upgrade")


def _refuse_newer(found: str | None) -> None:
    if found is not None and found > HEAD:
        raise Misconfigured(
            f"The database has schema {found} of a newer version of Chatelier; this one knows {HEAD}."
            " Install the newer version, or restore a copy of the database from before."
        )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def alembic_config(connection: Connection) -> "Config":
    """Alembic's settings without a file of its own; the migrations run on `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
