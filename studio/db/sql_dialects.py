"""What is said to SQLite in one way and to PostgreSQL in another."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.tables import Base

_LOCKED_NAMES = "locked_names"
_LOCK_NAME = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def insert_into(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can be told what to do on a conflict."""
    return postgresql.insert(table) if is_postgresql(session) else sqlite.insert(table)


def lock_names(session: Session, *names: str) -> None:
    """Other transactions that lock one of these names wait for the commit. SQLite writers go one by one anyway.

    A session is one transaction without savepoints, so what it holds already it does not ask for again. The end of a
    savepoint that is rolled back would give up the locks taken within it.
    """
    if is_postgresql(session):
        for name in sorted(set(names) - session.info.get(_LOCKED_NAMES, set())):
            session.execute(_LOCK_NAME, {"name": name})
            note_lock(session, name)


def lock_of_name(name: ColumnElement[Any]) -> ColumnElement[Any]:
    """What a statement on PostgreSQL answers with to lock a name as `lock_names` does; `note_lock` goes with it."""
    return func.pg_advisory_xact_lock(func.hashtextextended(name, 0))


def note_lock(session: Session, name: str) -> None:
    """A statement of this transaction locked the name already."""
    session.info.setdefault(_LOCKED_NAMES, set()).add(name)


def database_now(session: Session) -> datetime:
    """The present moment by the clock of the database, which is one for all processes. Aware, in UTC.

    SQLite runs in this process, by the clock of this machine.
    """
    if is_postgresql(session):
        found: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return found.astimezone(UTC)
    return now()
