"""Clears away the files that no row names: uploads that were never used, pictures of a worker that was killed.

The store is gone through part by part, a few each hour, so that one round takes less than a day. A file is left alone
for a day after it was put, for what is stored and not yet recorded; and so is what is older than all records, which
another database knows of.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import func, select

from studio.clock import now
from studio.db.database import Database
from studio.db.tables import PersonRow
from studio.ports import STORE_PARTS, Store
from studio.services import file_references
from studio.services.picture_deletion import delete_files

PARTS_A_RUN = 16
MOST_A_RUN = 2000
LEFT_ALONE = timedelta(hours=26)  # an upload to the web page may be used for 24

log = logging.getLogger(__name__)


class OrphanFileCleaner:
    """Run by the maintenance worker each hour; two at once do no harm."""

    def __init__(self, *, database: Database, store: Store) -> None:
        self._database = database
        self._store = store

    def clear(self, at: datetime | None = None) -> int:
        """How many files went, at most `MOST_A_RUN`. Raises `StorageError` or `DatabaseUnavailableError`."""
        at, cleared = at or now(), 0
        with self._database.read() as session:
            since = session.scalar(select(func.min(PersonRow.first_seen_at)))
        if since is None:
            return 0
        for part in parts_at(at):
            cleared += self._clear(part, since=since, before=at - LEFT_ALONE, most=MOST_A_RUN - cleared)
        if cleared:
            log.info("orphan files deleted", extra={"files": cleared})
        return cleared

    def _clear(self, part: int, *, since: datetime, before: datetime, most: int) -> int:
        old = self._store.list_put(part, since=since, before=before)
        if not old or most <= 0:
            return 0
        with self._database.read() as session:
            unnamed = sorted(file_references.find_unnamed(session, old))[:most]
        delete_files(self._database, self._store, unnamed, unless_put_since=before)
        return len(unnamed)


def parts_at(at: datetime) -> list[int]:
    """The parts whose turn it is in this hour. Nothing needs to remember where the last run ended."""
    first = int(at.timestamp()) // 3600 * PARTS_A_RUN
    return [(first + step) % STORE_PARTS for step in range(PARTS_A_RUN)]
