"""All rows of one database into another, of either kind: a backup of PostgreSQL is a SQLite file too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Connection, Integer, Table, func, insert, select, text, update

import bots.slack.db_tables  # noqa: F401 - they join the studio's tables
import moderation.records.tables  # noqa: F401 - they join the studio's tables
from studio.db.database import Database
from studio.db.tables import Base, create_triggers, drop_triggers

_BATCH = 2000


@contextmanager
def read_snapshot(database: Database) -> Iterator[Connection]:
    """A connection that sees one moment of a PostgreSQL database, whatever is written meanwhile."""
    with (
        database.engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ) as connection,
        connection.begin(),
    ):
        yield connection


def copy_rows(source: Connection, target: Connection) -> int:
    """Into empty tables, within the target's transaction; how many rows. What triggers keep is copied as it is."""
    drop_triggers(target)
    copied = sum(_copy_table(source, target, table) for table in Base.metadata.sorted_tables)
    create_triggers(target)
    if target.dialect.name == "postgresql":
        for table in Base.metadata.sorted_tables:
            _move_sequence(target, table)
    return copied


def _copy_table(source: Connection, target: Connection, table: Table) -> int:
    """A row may refer to one of its own table that comes later: such columns are filled in at the end."""
    own = [column for column in table.columns if any(_refers_to(column, table))]
    copied, later = 0, list[tuple[Any, dict[str, Any]]]()
    (key, *_) = table.primary_key.columns
    for batch in source.execute(select(table).execution_options(yield_per=_BATCH)).mappings().partitions():
        rows = [dict(row) for row in batch]
        for row in rows:
            if parents := {column.name: row[column.name] for column in own if row[column.name] is not None}:
                later.append((row[key.name], parents))
                row.update(dict.fromkeys(parents))
        target.execute(insert(table), rows)
        copied += len(rows)
    for value, parents in later:
        target.execute(update(table).where(key == value).values(parents))
    return copied


def _refers_to(column: Column[Any], table: Table) -> Iterator[bool]:
    return (reference.column.table is table for reference in column.foreign_keys)


def _move_sequence(target: Connection, table: Table) -> None:
    """The next row gets a number of its own."""
    column = table.autoincrement_column
    if column is None or not isinstance(column.type, Integer):
        return
    highest = target.scalar(select(func.max(column)))
    if highest is not None:
        sequence = {"name": table.name, "column": column.name, "highest": highest}
        target.execute(text("SELECT setval(pg_get_serial_sequence(:name, :column), :highest)"), sequence)
