"""Deletes pictures that nobody wanted to keep, where an administrator has set after how many days."""

import logging
from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import outbox, queries
from studio.db.database import Database
from studio.db.tables import CaseRow, CollectedRow, GatheringPartRow, JobRow, PictureRow, StarRow
from studio.domain.cases import CaseState
from studio.domain.jobs import JobState
from studio.ports import Events, Store
from studio.services.picture_deletion import Removal, delete_files, delete_pictures

MOST_A_RUN = 1000  # each is a message to edit, at most one a second

log = logging.getLogger(__name__)


class PictureRetention:
    """Run by the maintenance worker each hour; two at once do no harm."""

    def __init__(self, *, database: Database, store: Store, events: Events, keep: timedelta) -> None:
        self._database = database
        self._store = store
        self._events = events
        self._keep = keep

    def delete_old(self, at: datetime | None = None) -> int:
        """How many pictures went, at most `MOST_A_RUN`, the oldest first. Raises `DatabaseUnavailableError`.

        A star, a place in somebody's collection or in a gathering, and an open case keep a picture. What a job that
        goes on starts from is kept as a file until that is over.
        """
        before = (at or now()) - self._keep
        removal = Removal()
        with self._database.begin() as session:
            old = _find_unwanted(session, before)
            for job_id, indexes in old.items():
                pictures = [
                    picture
                    for picture in queries.pictures_of_job(session, job_id)
                    if picture.index in indexes
                ]
                removal.add(delete_pictures(session, queries.find_job(session, job_id), pictures))
            events = outbox.pace(removal.events)
        outbox.send(self._database, self._events, events)
        delete_files(self._database, self._store, removal.files)
        deleted = sum(map(len, old.values()))
        if deleted:
            log.info("old pictures deleted", extra={"pictures": deleted})
        return deleted


def _find_unwanted(session: Session, before: datetime) -> dict[str, set[int]]:
    """By job, the numbers of its pictures."""
    wanted = (
        select(StarRow.picture_id).where(StarRow.picture_id == PictureRow.id),
        select(CollectedRow.item).where(CollectedRow.item == PictureRow.id),
        select(GatheringPartRow.picture).where(GatheringPartRow.picture == PictureRow.id),
        select(CaseRow.id).where(CaseRow.job_id == PictureRow.job_id, CaseRow.state == CaseState.OPEN),
    )
    query = (
        select(PictureRow.job_id, PictureRow.position)
        .join(JobRow, JobRow.id == PictureRow.job_id)
        .where(PictureRow.deleted_at.is_(None), PictureRow.created_at < before, JobRow.state == JobState.DONE)
        .where(*(~keeping.exists() for keeping in wanted))
        .order_by(PictureRow.created_at)
        .limit(MOST_A_RUN)
    )
    found = defaultdict[str, set[int]](set)
    for job_id, position in session.execute(query):
        found[job_id].add(position)
    return found
