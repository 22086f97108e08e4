"""Taking pictures away for good: the rows stay for the family tree, the files go."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.db import job_transitions, outbox, queries
from studio.db.database import Database
from studio.db.tables import CaseRow, JobRow, JobSourceRow, OutboxRow, PictureRow
from studio.domain.cases import CaseState
from studio.domain.events import PictureChanged
from studio.domain.jobs import GOING_ON, WAITING, Job, JobState
from studio.domain.pictures import Picture
from studio.errors import DatabaseUnavailableError, NotFoundError, StorageError
from studio.ports import Ports, Store
from studio.services import file_references, held_job_decisions, message_refresh

_TAKEN_DOWN = to_stored(coded("stopped.source_taken_down"))

_MOST_BYTES_AT_ONCE = 32 * 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What is left to do after the commit: send the events, and delete the files that nobody needs any more."""

    events: list[OutboxRow] = field(default_factory=list)
    files: set[str] = field(default_factory=set)

    def add(self, other: "Removal") -> None:
        self.events.extend(other.events)
        self.files.update(other.files)


def delete_pictures(
    session: Session, job: Job, pictures: Sequence[Picture], *, refreshed: bool = False
) -> Removal:
    """Mark pictures of a job as deleted. What a job that goes on starts from is kept until it is over.

    `refreshed`: other messages that show something of them are rendered again by the caller's own events.
    """
    events = [_mark_deleted(session, job, picture) for picture in pictures]
    if not refreshed:
        events += outbox.pace(
            message_refresh.of_deleted(session, job.id, [deleted.id for deleted in pictures])
        )
    return Removal(events=events, files=_orphaned_files(session, job, pictures))


def take_down_pictures(session: Session, job: Job, pictures: Sequence[Picture]) -> Removal:
    """The same by a moderator: what was to be made from the pictures ends with them."""
    stopped = [heir for picture in pictures for heir in _stop_heirs(session, picture.id)]
    removal = delete_pictures(session, job, pictures)
    for heir in stopped:
        removal.add(heir)
    return removal


def withdraw_pictures(session: Session, job: Job) -> Removal:
    """Whatever a job that was just cancelled has, or alone still needed, goes."""
    removal = delete_pictures(session, job, queries.pictures_of_job(session, job.id))
    deleted = file_references.of_deleted(session, job.request.sources)
    removal.files.update(file_references.find_unneeded(session, deleted))
    return removal


def delete_unseen_pictures(database: Database, *, before: datetime) -> None:
    """Mark pictures as deleted that nobody was shown, of jobs that ended before then and that no open case is about.

    One transaction a job, which locks what one person and one community take. The orphan file cleaner deletes the
    files.
    """
    over = JobRow.state.in_([JobState.REFUSED, JobState.CANCELLED]) & (JobRow.ended_at < before)
    judged = select(CaseRow.job_id).where(CaseRow.state == CaseState.OPEN, CaseRow.job_id.is_not(None))
    unseen = select(JobRow.id).where(over, JobRow.id.not_in(judged))
    there = PictureRow.job_id.in_(unseen) & PictureRow.deleted_at.is_(None)
    shown = JobRow.id.in_(unseen) & JobRow.grid_key.is_not(None)
    with database.read() as session:
        found = {
            *session.scalars(select(PictureRow.job_id).where(there)),
            *session.scalars(select(JobRow.id).where(shown)),
        }
    for job_id in sorted(found):
        with database.begin() as session:
            pictures = update(PictureRow).where(PictureRow.job_id == job_id, there)
            session.execute(pictures.values(deleted_at=now()))
            session.execute(update(JobRow).where(JobRow.id == job_id, shown).values(grid_key=None))


def finish_removal(ports: Ports, removal: Removal) -> None:
    """After the commit."""
    outbox.send(ports.database, ports.events, removal.events)
    delete_files(ports.database, ports.store, removal.files)


def delete_files(
    database: Database, store: Store, keys: Iterable[str], *, unless_put_since: datetime | None = None
) -> None:
    """After the commit. What a row came to name meanwhile is laid again from the bytes that were taken.

    What the storage does not let go of now, the orphan file cleaner deletes later: rows name it no more.
    """
    taken: dict[str, bytes] = {}
    size_bytes = 0
    try:
        for key in sorted(keys):
            with suppress(NotFoundError):  # then somebody else deletes it, and has its bytes
                taken[key] = store.get(key)
                size_bytes += len(taken[key])
                store.delete(key, unless_put_since=unless_put_since)
            if size_bytes > _MOST_BYTES_AT_ONCE:
                _store_again(database, store, taken)
                taken, size_bytes = {}, 0
    except StorageError:
        log.warning("file not deleted: storage unavailable")
    _store_again(database, store, taken)


def _store_again(database: Database, store: Store, taken: Mapping[str, bytes]) -> None:
    """Those that a row names; all, while the database is not available. The orphan file cleaner deletes the others."""
    if not taken:
        return
    try:
        with database.read() as session:
            needed = file_references.find_needed_since(session, taken)
    except DatabaseUnavailableError:
        needed = set(taken)
    for key in sorted(needed):
        try:
            store.put(taken[key], suffix=PurePosixPath(key).suffix)
        except StorageError:
            log.error("referenced file deleted and not restored: storage unavailable", extra={"key": key})


def _mark_deleted(session: Session, job: Job, picture: Picture) -> OutboxRow:
    session.get_one(PictureRow, picture.id).deleted_at = now()
    changed = PictureChanged(job_id=job.id, platform=job.address.platform, picture_id=picture.id)
    return outbox.write(session, changed)


def _orphaned_files(session: Session, job: Job, pictures: Sequence[Picture]) -> set[str]:
    keys = {key for picture in pictures for key in picture.file_keys}
    row = session.get_one(JobRow, job.id)
    if row.grid_key:  # the grid shows what is now deleted
        keys.add(row.grid_key)
        row.grid_key = None
    session.flush()
    return file_references.find_unneeded(session, keys)


def _stop_heirs(session: Session, picture_id: str) -> Iterator[Removal]:
    """One that is being painted hears of it from its row; a held one with pictures of its own is judged by them.

    What a waiting one showed early goes with it.
    """
    named = JobRow.id.in_(select(JobSourceRow.job_id).where(JobSourceRow.picture_id == picture_id))
    going_on = JobRow.state.in_(sorted(GOING_ON))
    for row in session.scalars(select(JobRow).where(named, going_on).order_by(JobRow.id)).all():
        if row.state == JobState.PAINTING:
            job_transitions.request_cancel(session, row.id)
        elif row.state in WAITING or not held_job_decisions.has_pictures(session, row.id):
            ended = held_job_decisions.stop(
                session, row.id, JobState.CANCELLED, error_code="cancelled", error_text=_TAKEN_DOWN
            )
            yield Removal(events=ended)
            if ended:
                yield withdraw_pictures(session, queries.job_of(row))
