"""What is said to the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from studio.db.database import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements of the block, without those that begin and end transactions."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        if not text.startswith("BEGIN"):
            found.append(text)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
