"""Deletes pictures that nobody wanted to keep, where an administrator has set after how many days."""

import logging
from collections.abc import Set
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import outbox, queries
from studio.db.database import Database
from studio.db.styles.saved_styles import referenced_pictures
from studio.db.tables import (
    CaseRow,
    CollectedRow,
    FolderPictureRow,
    GatheringPartRow,
    JobRow,
    PictureRow,
    ShareRow,
    StarRow,
)
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
        """How many pictures went, about `MOST_A_RUN` at most, the oldest first. Raises `DatabaseUnavailableError`.

        A star, a public link, a place in somebody's collection, in a saved style or in a gathering, and an open case
        keep a picture. What a job that goes on starts from is kept as a file until that is over.

        One transaction a job: it locks what one person and one community take, never the sums of many.
        """
        before = (at or now()) - self._keep
        with self._database.read(streams=True) as session:
            styled = referenced_pictures(session)
            old = _find_unwanted(session, before, styled)
        deleted = messages = 0
        for job_id in old:
            with self._database.begin() as session:
                removal, pictures = _delete_unwanted(session, job_id, before, styled)
                events = outbox.pace(removal.events, earlier=messages)
                messages += len({row.payload.get("job_id") for row in removal.events})
            deleted += pictures
            outbox.send(self._database, self._events, events)
            delete_files(self._database, self._store, removal.files)
        if deleted:
            log.info("old pictures deleted", extra={"pictures": deleted})
        return deleted


def _find_unwanted(session: Session, before: datetime, styled: Set[str]) -> list[str]:
    """The jobs of the oldest `MOST_A_RUN` pictures, the oldest first."""
    jobs: dict[str, None] = {}
    pictures = 0
    query = _unwanted_query(before).order_by(PictureRow.created_at).execution_options(yield_per=MOST_A_RUN)
    for picture_id, job_id, _ in session.execute(query):
        if picture_id in styled:
            continue
        jobs[job_id] = None
        pictures += 1
        if pictures == MOST_A_RUN:
            break
    return list(jobs)


def _delete_unwanted(
    session: Session, job_id: str, before: datetime, styled: Set[str]
) -> tuple[Removal, int]:
    """What nobody came to keep meanwhile, and how many pictures that is."""
    rows = session.execute(_unwanted_query(before).where(PictureRow.job_id == job_id))
    positions = {position for picture_id, _, position in rows if picture_id not in styled}
    if not positions:
        return Removal(), 0
    pictures = [found for found in queries.pictures_of_job(session, job_id) if found.index in positions]
    return delete_pictures(session, queries.find_job(session, job_id), pictures), len(pictures)


def _unwanted_query(before: datetime) -> Select[str, str, int]:
    wanted = (
        select(StarRow.picture_id).where(StarRow.picture_id == PictureRow.id),
        select(ShareRow.picture_id).where(ShareRow.picture_id == PictureRow.id),
        select(CollectedRow.item).where(CollectedRow.item == PictureRow.id),
        select(FolderPictureRow.picture_id).where(FolderPictureRow.picture_id == PictureRow.id),
        select(GatheringPartRow.picture).where(GatheringPartRow.picture == PictureRow.id),
        select(CaseRow.id).where(CaseRow.job_id == PictureRow.job_id, CaseRow.state == CaseState.OPEN),
    )
    return (
        select(PictureRow.id, PictureRow.job_id, PictureRow.position)
        .join(JobRow, JobRow.id == PictureRow.job_id)
        .where(PictureRow.deleted_at.is_(None), PictureRow.created_at < before, JobRow.state == JobState.DONE)
        .where(*(~keeping.exists() for keeping in wanted))
    )
