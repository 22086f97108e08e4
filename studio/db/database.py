"""One connection pool, SQLite or PostgreSQL, and one `with` per use case."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from studio.db.sessions import read_memo
from studio.errors import DatabaseUnavailableError

_BUSY_MILLISECONDS = 15_000
_PATIENT_MILLISECONDS = 15 * 60_000
_CONNECT_SECONDS = 5  # the driver itself would wait for minutes
_TRUSTED_SECONDS = 0.5  # a connection that was used so lately is not asked whether it still works
_RETURNED_AT = "returned_at"
_POOLER = "pgbouncer"  # a parameter of the URL, which the driver does not know


class Database:
    """`url` is a SQLAlchemy URL; plain ``postgresql://`` means psycopg 3.

    With ``?pgbouncer=true`` a pooler may stand in front that gives each transaction another connection (PgBouncer's
    transaction mode): the driver then keeps nothing on the server, which else holds its prepared statements. Nothing
    here needs more of a connection than one transaction: locks are advisory locks of transactions, or rows.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        if self.url.drivername in ("postgresql", "postgres"):
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block. Raises `DatabaseUnavailableError` when it cannot."""
        try:
            with self._transaction() as session:
                yield session
        finally:
            read_memo.forget_reads()

    @contextmanager
    def begin_single(self) -> Iterator[Session]:
        """Like `begin`, for a block with one statement, which is a transaction of its own.

        PostgreSQL is not told of its beginning and its end. Of several statements each would be committed at once.
        """
        if self.is_sqlite:
            with self.begin() as session:
                yield session
            return
        try:
            with self._transaction() as session:
                session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
                yield session
        finally:
            read_memo.forget_reads()

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        try:
            with self._sessions.begin() as session:
                yield session
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise DatabaseUnavailableError from error
        except DBAPIError as error:
            if error.connection_invalidated or is_broken(error):
                raise DatabaseUnavailableError from error
            raise

    @contextmanager
    def read(self, *, streams: bool = False) -> Iterator[Session]:
        """Like `begin`, for blocks that only read: SQLite readers then never wait for a writer.

        On PostgreSQL each statement sees what is committed when it begins, as within a transaction of its default
        isolation; without one, the server is not told of its beginning and its end. Rows that are fetched in portions
        (`yield_per`) need one: `streams`.
        """
        bare = not self.is_sqlite and not streams
        options = {"isolation_level": "AUTOCOMMIT"} if bare else {"studio_reads_only": True}
        with self._transaction() as session:
            read_memo.attach(session)
            session.connection(execution_options=options)
            yield session

    @contextmanager
    def begin_patiently(self) -> Iterator[Connection]:
        """A transaction for an upgrade. It waits for a long one of somebody else instead of giving up.

        On SQLite for a quarter of an hour, and PostgreSQL waits in any case. SQLite changes a table by copying it and
        dropping the old one, which rows in other tables refer to: foreign keys are not enforced in here, so the
        caller checks them at the end. Raises what the driver raises.
        """
        with self.engine.connect() as connection:
            if self.is_sqlite:
                _set(connection, busy_timeout=_PATIENT_MILLISECONDS, foreign_keys=0)
            try:
                with connection.begin():
                    yield connection
            finally:
                if self.is_sqlite and not connection.invalidated:
                    _set(connection, busy_timeout=_BUSY_MILLISECONDS, foreign_keys=1)

    def damage(self) -> str | None:
        """What SQLite finds wrong with the structure of its file, in one line, or None.

        It reads the whole file, about a second a gigabyte. PostgreSQL looks after its own files. Raises
        `DatabaseUnavailableError`.
        """
        if not self.is_sqlite:
            return None
        try:
            with self.engine.connect() as connection:
                report = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        except DBAPIError as error:
            if is_broken(error):
                return str(error.orig)
            raise DatabaseUnavailableError from error
        return None if report == "ok" else report.strip().splitlines()[-1]

    def free_bytes(self) -> int | None:
        """Room on the disk of a SQLite file; None for PostgreSQL, which does not tell, and for a file not there yet."""
        if not self.is_sqlite or not self.url.database:
            return None
        try:
            return shutil.disk_usage(Path(self.url.database).absolute().parent).free
        except OSError:
            return None

    def ping(self) -> None:
        """Raises `DatabaseUnavailableError` when no query gets through."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection: also those that other threads still use, as soon as they give them back."""
        if not event.contains(self.engine, "checkin", _close_on_return):
            event.listen(self.engine, "checkin", _close_on_return)
        self.engine.dispose()


def _close_on_return(_connection: Any, record: ConnectionPoolEntry) -> None:
    """A pool that was disposed of takes connections back and would leave them open."""
    record.invalidate()


def is_broken(error: DBAPIError) -> bool:
    """Whether the file of a SQLite database is damaged, or is none."""
    return type(error.orig) is sqlite3.DatabaseError


def has_pooler(url: URL) -> bool:
    """Raises `ValueError` where the parameter is neither ``true`` nor ``false``."""
    answer = url.query.get(_POOLER, "false")
    if answer not in ("true", "false"):
        raise ValueError(f"{_POOLER} is true or false")
    return answer == "true"


def _postgresql(url: URL) -> Engine:
    options: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    if has_pooler(url):
        options["prepare_threshold"] = None
    engine = create_engine(
        url.difference_update_query([_POOLER]),
        pool_size=10,
        max_overflow=20,
        pool_timeout=10,
        pool_use_lifo=True,  # the others rest: each has its own prepared statements, and is asked after a rest
        hide_parameters=True,
        connect_args=options,
    )
    event.listen(engine, "checkin", _note_return)
    event.listen(engine, "checkout", partial(_check_connection, engine))
    return engine


def _note_return(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_RETURNED_AT] = time.monotonic()


def _check_connection(engine: Engine, connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """One that lay in the pool for a while may be dead, and all others then too: the pool opens new ones."""
    returned_at = record.info.get(_RETURNED_AT)
    if returned_at is None or time.monotonic() - returned_at < _TRUSTED_SECONDS:
        return  # just opened, or just used
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _set(connection: Connection, **pragmas: int) -> None:
    """Set on the driver's own connection: SQLAlchemy would begin a transaction, in which foreign_keys is ignored."""
    cursor = connection.connection.cursor()
    for name, value in pragmas.items():
        cursor.execute(f"PRAGMA {name}={value}")
    cursor.close()


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """The busy timeout does not hold for this switch: with many at once on a new file, some are turned away."""
    give_up_at = time.monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > give_up_at:
                raise
            time.sleep(0.02)


def _sqlite(url: Any) -> Engine:
    engine = create_engine(url, pool_size=10, max_overflow=30, pool_timeout=20, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        _switch_to_wal(cursor)
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # IMMEDIATE takes the write lock at once: reading and then writing cannot fail half-way.
        reads_only = connection.get_execution_options().get("studio_reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine
