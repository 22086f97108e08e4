"""Which files of the store somebody still needs.

The same bytes are stored once, so several rows may name one file, and a row may come to name a file while it is being
deleted for another. Neither waits for the other. `delete_files` in `studio/services/picture_deletion.py` checks after a
deletion whether a row names the file now and stores it again. `engine/jobs/tracked_store.py` checks after naming a file
whether it still exists and stores it again. The later of the two checks sees what the other did.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from studio.db.tables import JobRow, JobSourceRow, PictureRow, UploadRow
from studio.domain.jobs import GOING_ON
from studio.domain.requests import Source
from studio.errors import NotFoundError

# Commands that ask for a request again, also for that of somebody else with what they brought along.
_REPEATS = frozenset({"reroll", "fullsize"})
_BATCH = 2000  # databases take a few ten thousand values in one statement
# What a report hides, or its owner may still appeal for, may be shown again.
HAS_FILES = (
    PictureRow.deleted_at.is_(None) | PictureRow.hidden_by.is_not(None) | PictureRow.appeal_until.is_not(None)
)
_NAMES_UPLOAD = JobSourceRow.picture_id.is_(None)
_OF_SOURCE = aliased(JobSourceRow)
_UPLOADS = (  # the rows of the upload whose file, or whose mask, a row of `job_sources` names
    select(UploadRow.file_key)
    .join(_OF_SOURCE, _OF_SOURCE.file_key == UploadRow.file_key)
    .where(
        _OF_SOURCE.job_id == JobSourceRow.job_id,
        _OF_SOURCE.position == JobSourceRow.position,
        _OF_SOURCE.part == "key",
    )
)
_WENT = (
    _UPLOADS.where(UploadRow.deleted_at.is_not(None)).exists()
    & ~_UPLOADS.where(UploadRow.deleted_at.is_(None)).exists()  # else somebody brought it who needs it
)
_IS_UPLOAD = _NAMES_UPLOAD & ~_WENT


def find_unneeded(session: Session, keys: Iterable[str]) -> set[str]:
    """Those of some files of pictures that no picture and no grid shows, and no job that goes on starts from."""
    wanted = set(keys)
    wanted -= _find_shown(session, wanted)
    return wanted - _sources_among(session, wanted, _goes_on())


def find_unnamed(session: Session, keys: Iterable[str]) -> set[str]:
    """The same for files of any kind: those stay too that a job which is over was given as an upload."""
    wanted = set(keys)
    wanted -= _find_shown(session, wanted)
    return wanted - _sources_among(session, wanted, _goes_on() | _IS_UPLOAD)


def find_needed_since(session: Session, keys: Iterable[str]) -> set[str]:
    """Those of some deleted files that a picture, a grid or an upload of a job names since it was decided.

    What a job starts from that was deleted is not meant: who takes a picture down takes it from late comers too.
    """
    wanted = set(keys)
    shown = _find_shown(session, wanted)
    return shown | _sources_among(session, wanted - shown, _goes_on(), _IS_UPLOAD)


def of_sources(sources: Iterable[Source]) -> set[str]:
    """The files of what a request starts from."""
    return {key for source in sources for key in (source.key, source.mask_key) if key}


def of_uploads(request: Mapping[str, Any]) -> set[str]:
    """The files of the uploads that a recorded request starts from."""
    uploads = [source for source in request.get("sources", ()) if not source.get("picture_id")]
    return {source[name] for source in uploads for name in ("key", "mask_key") if source.get(name)}


def of_own_uploads(jobs: Iterable[JobRow]) -> set[str]:
    """The files of the uploads that the people of some jobs brought along themselves."""
    return {key for job in jobs if job.command not in _REPEATS for key in of_uploads(job.request)}


def brought(session: Session, file_key: str, keys: Sequence[str]) -> bool:
    """Whether one of some identities uploaded a file, rather than repeated a request of somebody who did."""
    query = select(JobSourceRow.file_key).join(JobRow, JobRow.id == JobSourceRow.job_id)
    own = JobRow.person_key.in_(keys) & JobRow.command.not_in(sorted(_REPEATS))
    return (
        session.scalar(query.where(JobSourceRow.file_key == file_key, _IS_UPLOAD, own).limit(1)) is not None
    )


def require_uploads(session: Session, job_id: str) -> None:
    """Raises `NotFoundError` for a job that starts from an upload whose file went with time."""
    gone = select(JobSourceRow.file_key).where(JobSourceRow.job_id == job_id, _NAMES_UPLOAD, _WENT)
    if session.scalar(gone.limit(1)) is not None:
        raise NotFoundError("request", id=job_id)


def of_deleted(session: Session, sources: Iterable[Source]) -> set[str]:
    """The files of those pictures among them that were deleted since."""
    ids = {source.picture_id: source.key for source in sources if source.picture_id}
    query = select(PictureRow.id).where(PictureRow.id.in_(ids), ~HAS_FILES)
    return {ids[key] for key in session.scalars(query)} if ids else set()


def _find_shown(session: Session, keys: set[str]) -> set[str]:
    columns = (
        PictureRow.storage_key,
        PictureRow.master_key,
        PictureRow.thumbnail_key,
        PictureRow.thumbnail_640_key,
        PictureRow.thumbnail_1280_key,
    )
    shown: set[str] = set()
    for batch in _batches(keys):
        there = or_(*(column.in_(batch) for column in columns)) & HAS_FILES
        for row in session.execute(select(*columns).where(there)):
            shown.update(key for key in row if key)
        shown.update(session.scalars(select(JobRow.grid_key).where(JobRow.grid_key.in_(batch))))
    return shown & keys


def _sources_among(session: Session, keys: set[str], *conditions: ColumnElement[bool]) -> set[str]:
    """Those of the files that jobs start from to which the conditions apply."""
    query = select(JobSourceRow.file_key).join(JobRow, JobRow.id == JobSourceRow.job_id).where(*conditions)
    named: set[str] = set()
    for batch in _batches(keys):
        named.update(session.scalars(query.where(JobSourceRow.file_key.in_(batch)).distinct()))
    return named


def _goes_on() -> ColumnElement[bool]:
    return JobRow.state.in_(sorted(GOING_ON))


def _batches(keys: set[str]) -> Iterator[list[str]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _BATCH):
        yield ordered[start : start + _BATCH]
