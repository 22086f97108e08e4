"""Deletes the files that people attached to requests, once nothing needs them or an administrator wants them gone."""

import logging
from datetime import datetime, timedelta

from studio.clock import now
from studio.db.database import Database
from studio.db.tables import JobRow
from studio.erasure import unused_uploads
from studio.erasure.ended_jobs import Protection
from studio.ports import Store

MOST_A_RUN = 10_000

log = logging.getLogger(__name__)


class UploadRetention:
    """Run by the maintenance worker each hour; two at once do no harm. `keep`: None while there are pictures."""

    def __init__(
        self, *, database: Database, store: Store, keep: timedelta | None, protection: Protection
    ) -> None:
        self._database = database
        self._store = store
        self._keep = keep
        self._protection = protection

    def delete_old(self, at: datetime | None = None) -> int:
        """How many people's files went. Raises `DatabaseUnavailableError`.

        Those of which no picture is left go a day after the last of their jobs; the others, where `keep` is set, so
        long after the last request that used them. Where the storage is not available, the orphan file cleaner deletes
        them later.
        """
        at = at or now()
        jobs = JobRow.id.in_(self._protection.jobs)
        unneeded = [unused_uploads.without_pictures(at - unused_uploads.LEFT_ALONE, jobs=jobs)]
        if self._keep is not None:
            unneeded.append(unused_uploads.unused_since(at - self._keep, jobs=jobs))
        deleted = 0
        for uploads in unneeded:
            with self._database.read() as session:
                found = uploads.find(session, limit=MOST_A_RUN)
            deleted += uploads.expire(self._database, self._store, found)
        if deleted:
            log.info("old uploads deleted", extra={"uploads": deleted})
        return deleted
