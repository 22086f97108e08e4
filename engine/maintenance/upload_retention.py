"""Deletes the files that people attached to requests, where an administrator has set after how many days."""

import logging
from datetime import datetime, timedelta

from studio.clock import now
from studio.db.database import Database
from studio.db.tables import JobRow
from studio.erasure import unused_uploads
from studio.erasure.ended_jobs import Protection
from studio.ports import Store
from studio.services.picture_deletion import delete_files

_BATCH = 200  # files a transaction
_MOST_BATCHES = 50

log = logging.getLogger(__name__)


class UploadRetention:
    """Run by the maintenance worker each hour; two at once do no harm."""

    def __init__(self, *, database: Database, store: Store, keep: timedelta, protection: Protection) -> None:
        self._database = database
        self._store = store
        self._keep = keep
        self._protection = protection

    def delete_old(self, at: datetime | None = None) -> int:
        """How many files went, each so long after the last request that used it. Raises `DatabaseUnavailableError`.

        Where the storage is not available, the orphan file cleaner deletes them later.
        """
        before, deleted = (at or now()) - self._keep, 0
        for _ in range(_MOST_BATCHES):
            with self._database.begin() as session:
                found = unused_uploads.find_unused(
                    session,
                    before=before,
                    people=self._protection.people,
                    jobs=JobRow.id.in_(self._protection.jobs),
                    limit=_BATCH,
                )
                files = unused_uploads.expire(session, found) if found else set()
            delete_files(self._database, self._store, files)
            deleted += len(found)
            if len(found) < _BATCH:
                break
        if deleted:
            log.info("old uploads deleted", extra={"uploads": deleted})
        return deleted
