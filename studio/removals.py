"""Taking pictures away for good: the rows stay for the family tree, the files go."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import outbox
from studio.db.tables import JobRow, OutboxRow, PictureRow
from studio.events import PictureChanged
from studio.jobs import Job
from studio.pictures import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What is left to do after the commit: send the events, and delete the files that nobody needs any more."""

    events: list[OutboxRow] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


def take_away(session: Session, job: Job, pictures: Sequence[Picture]) -> Removal:
    """Mark pictures of a job as deleted."""
    events = [_mark_deleted(session, job, picture) for picture in pictures]
    return Removal(events=events, files=_orphaned_files(session, job, pictures))


def _mark_deleted(session: Session, job: Job, picture: Picture) -> OutboxRow:
    session.get_one(PictureRow, picture.id).deleted_at = now()
    changed = PictureChanged(job_id=job.id, platform=job.address.platform, picture_id=picture.id)
    return outbox.write(session, changed)


def _orphaned_files(session: Session, job: Job, pictures: Sequence[Picture]) -> set[str]:
    keys = {key for each in pictures for key in (each.key, each.source_key, each.thumbnail_key)}
    row = session.get_one(JobRow, job.id)
    if row.grid_key:  # the grid shows what is now deleted
        keys.add(row.grid_key)
        row.grid_key = None
    session.flush()
    return keys - _still_used(session, keys)


def _still_used(session: Session, keys: set[str]) -> set[str]:
    """Files are stored once for the same bytes, so another picture may still need them."""
    columns = (PictureRow.storage_key, PictureRow.master_key, PictureRow.thumbnail_key)
    wanted = or_(*(column.in_(keys) for column in columns))
    rows = session.scalars(select(PictureRow).where(wanted, PictureRow.deleted_at.is_(None)))
    return {key for row in rows for key in (row.storage_key, row.master_key, row.thumbnail_key) if key}
