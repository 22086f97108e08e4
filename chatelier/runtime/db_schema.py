"""Upgrading the database, once, however many processes start together."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from chatelier.migrations import HEAD, OLDEST_READER, known_revisions
from studio.db.database import Database, is_broken
from studio.db.running_sums.balance_check import find_wrong_balances
from studio.db.tables import create_picture_search, create_triggers, fill_balances
from studio.errors import ConfigurationError, DatabaseUnavailableError

if TYPE_CHECKING:
    from alembic.config import Config

_ADVISORY_LOCK = 0x63_68_61_74_65_6C  # "chatel"; any number that nobody else locks


def upgrade(database: Database) -> tuple[str | None, str]:
    """Apply what is missing and return the revisions before and after. Raises `DatabaseUnavailableError`.

    Everything happens in one transaction, which PostgreSQL guards with an advisory lock and SQLite with its
    write lock: of two that start at once one waits, however long the other takes, and then finds nothing to do;
    and a failure leaves no half-made schema. A newer schema that this version may use stays as it is. Raises
    `ConfigurationError` for one that this version does not know.
    """
    from alembic import command

    try:
        with database.begin_patiently() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            before, oldest_reader = _revision(connection), _oldest_reader(connection)
            _refuse_unknown(before, oldest_reader)
            if _is_newer(before):
                return before, before or HEAD
            if before != HEAD:
                command.upgrade(alembic_config(connection), "head")
                create_triggers(connection)
                create_picture_search(connection)
                _require_references(connection)
            if before != HEAD or oldest_reader != OLDEST_READER:
                _record_oldest_reader(connection)
    except DBAPIError as error:
        if isinstance(error, OperationalError | InterfaceError) or is_broken(error):
            raise DatabaseUnavailableError from error
        raise
    return before, HEAD


def revision(database: Database) -> str | None:
    """The schema's revision, None for an empty database. Raises `DatabaseUnavailableError`."""
    with database.read() as session:
        return _revision(session.connection())


def oldest_reader(database: Database) -> str | None:
    """The newest revision of the oldest version that may use the schema, where that is recorded.

    Raises `DatabaseUnavailableError`.
    """
    with database.read() as session:
        return _oldest_reader(session.connection())


def require_current(database: Database) -> None:
    """Raises `ConfigurationError`, naming the command to run, unless this version may use the schema.

    It is this version's own, or a newer one that says so: during a rolling upgrade a process that dies comes back.
    """
    found = revision(database)
    _refuse_unknown(found, oldest_reader(database))
    if found != HEAD and not _is_newer(found):
        what = "is empty" if found is None else f"has schema {found}, and this version needs {HEAD}"
        raise ConfigurationError(f"The database {what}. Bring it up to date with: chatelier db upgrade")


def require_whole(database: Database) -> None:
    """Raises `ConfigurationError` when SQLite finds its file damaged; reads all of it.

    Raises `DatabaseUnavailableError`.
    """
    if damage := database.damage():
        raise ConfigurationError(damaged_message(database.url.render_as_string(), damage))


def require_balances(database: Database) -> None:
    """Raises `ConfigurationError` when balances are not the sums of the ledger; reads all of the ledger.

    Raises `DatabaseUnavailableError`.
    """
    with database.read() as session:
        wrong = find_wrong_balances(session)
    if wrong:
        first = wrong[0]
        raise ConfigurationError(
            f"Balances of credits are not the sums of the ledger: {len(wrong)} of them, such as {first.stored} of kind"
            f" {first.kind} in {first.period}, which should be {first.entries}. Correct them with:"
            " chatelier db recount"
        )


def recount_balances(database: Database) -> None:
    """Write all balances anew, with nobody writing to the ledger meanwhile. Raises `DatabaseUnavailableError`."""
    with database.begin() as session:
        if not database.is_sqlite:  # SQLite has one writer in any case
            session.execute(text("LOCK TABLE ledger IN SHARE ROW EXCLUSIVE MODE"))
        fill_balances(session.connection())


def damaged_message(where: str, damage: str) -> str:
    return f"The database {where} is damaged ({damage}). {PUT_A_COPY}"


PUT_A_COPY = "Stop what uses it and put a copy from before in its place."


def fault_of(found: str | None, oldest_reader: str | None) -> str | None:
    """What is wrong with a revision that this version can neither use nor upgrade from; None when it can."""
    if found is None or found in known_revisions():
        return None
    if _is_newer(found) and oldest_reader is not None and oldest_reader <= HEAD:
        return None
    if found > HEAD:
        return (
            f"has schema {found} of a newer version of Chatelier; this one knows {HEAD}."
            " Install the newer version, or restore a copy of the database from before."
        )
    what = f"has schema {found}, which no version made" if found else "has tables and no schema"
    return f"{what}, so `chatelier db upgrade` has no place to begin. {PUT_A_COPY}"


def _refuse_unknown(found: str | None, oldest_reader: str | None) -> None:
    if fault := fault_of(found, oldest_reader):
        raise ConfigurationError(f"The database {fault}")


def _is_newer(found: str | None) -> bool:
    return found is not None and found > HEAD


def _oldest_reader(connection: Connection) -> str | None:
    """From a column beside Alembic's own, which earlier versions do not look at."""
    tables = inspect(connection)
    if not tables.has_table("alembic_version") or not _has_reader_column(connection):
        return None
    found: str | None = connection.scalar(text("SELECT oldest_reader FROM alembic_version"))
    return found


def _has_reader_column(connection: Connection) -> bool:
    return any(
        column["name"] == "oldest_reader" for column in inspect(connection).get_columns("alembic_version")
    )


def _record_oldest_reader(connection: Connection) -> None:
    if not _has_reader_column(connection):
        connection.execute(text("ALTER TABLE alembic_version ADD COLUMN oldest_reader VARCHAR(32)"))
    connection.execute(text("UPDATE alembic_version SET oldest_reader = :oldest"), {"oldest": OLDEST_READER})


def _require_references(connection: Connection) -> None:
    """SQLite did not enforce foreign keys during the upgrade, so all are looked over before it counts."""
    if connection.dialect.name != "sqlite":
        return
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise ConfigurationError(
            f"The upgrade was undone: rows of {broken[0]} refer to rows of {broken[2]} that are not there."
            f" {PUT_A_COPY}"
        )


def _revision(connection: Connection) -> str | None:
    """None for an empty database; an empty text where tables are there and nothing says of which revision."""
    tables = inspect(connection)
    found: str | None = None
    if tables.has_table("alembic_version"):
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return "" if found is None and tables.has_table("jobs") else found


def alembic_config(connection: Connection) -> "Config":
    """Alembic's settings without a file of its own; the migrations run on `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parents[1] / "migrations").replace("%", "%%")
    )
    config.attributes["connection"] = connection
    return config
