"""What one job put into the store, so that nothing of it is left behind when the job ends without it."""

import logging
from collections.abc import Iterable
from datetime import datetime

from engine.jobs.job_results import JobResult
from engine.jobs.postprocessing import StoredImage
from studio.db.database import Database
from studio.domain.jobs import Job
from studio.errors import DatabaseUnavailableError, StorageError
from studio.ports import Store
from studio.services import file_references
from studio.services.picture_deletion import delete_files

log = logging.getLogger(__name__)


class TrackingStore:
    """A store that remembers what was put into it. Safe for threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._put: dict[str, tuple[bytes, str]] = {}

    @property
    def keys(self) -> set[str]:
        return set(self._put)

    def put(self, data: bytes, *, suffix: str) -> str:
        key = self._store.put(data, suffix=suffix)
        self._put[key] = (data, suffix)
        return key

    def store_again(self, pictures: Iterable[StoredImage]) -> None:
        """After the commit: the same file may have been deleted for another picture since it was put."""
        for key in self.keys & _keys_of(pictures):
            data, suffix = self._put[key]
            try:
                self._store.put(data, suffix=suffix)
            except StorageError:
                log.warning("file not stored again: storage unavailable", extra={"key": key})
                return

    def get(self, key: str) -> bytes:
        return self._store.get(key)

    def delete(self, key: str, *, unless_put_since: datetime | None = None) -> None:
        self._store.delete(key, unless_put_since=unless_put_since)

    def free_bytes(self) -> int | None:
        return self._store.free_bytes()

    def list_put(self, part: int, *, since: datetime, before: datetime) -> list[str]:
        return self._store.list_put(part, since=since, before=before)


def clear_up(database: Database, store: Store, job: Job, outcome: JobResult, put: set[str]) -> None:
    """After a job's end was recorded: what it put and does not show goes, and sources that only it still needed.

    What cannot be deleted now, the orphan file cleaner deletes later.
    """
    doubtful = put - _keys_of(outcome.pictures)
    if not doubtful and not job.request.sources:
        return
    try:
        with database.read() as session:
            gone = file_references.of_deleted(session, job.request.sources)
            if outcome.verdict and outcome.verdict.is_core:  # whose request was not kept
                gone |= file_references.of_sources(job.request.sources)
            unnamed = file_references.find_unnamed(session, doubtful | gone)
        delete_files(database, store, unnamed)
    except DatabaseUnavailableError:
        log.warning("job files not deleted: database unavailable", extra={"job_id": job.id})


def _keys_of(pictures: Iterable[StoredImage]) -> set[str | None]:
    return {
        key
        for picture in pictures
        for key in (picture.key, picture.master_key, *picture.thumbnail_keys.values())
    }
