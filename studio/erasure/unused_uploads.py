"""Files that people attached to requests go once no job needs them, and the rows stay for the jobs that name them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session, aliased

from studio.clock import now
from studio.db.tables import CaseRow, GatheringRow, JobRow, JobSourceRow, PictureRow, UploadRow
from studio.domain.cases import CaseState
from studio.domain.jobs import GOING_ON
from studio.services import file_references
from studio.services.file_references import HAS_FILES


def find_unused(
    session: Session, *, before: datetime, people: Select[str], jobs: ColumnElement[bool], limit: int
) -> list[str]:
    """Files that no job was given since `before`, the oldest first; not those of `people`, nor those of `jobs`."""
    named = select(JobSourceRow.job_id).join(JobRow, JobRow.id == JobSourceRow.job_id)
    needed = named.where(JobSourceRow.file_key == UploadRow.file_key, _needs_uploads() | jobs)
    old = select(UploadRow.file_key).where(
        UploadRow.used_at < before,
        UploadRow.deleted_at.is_(None),
        UploadRow.person_key.not_in(people),
        ~needed.exists(),
    )
    return list(dict.fromkeys(session.scalars(old.order_by(UploadRow.used_at).limit(limit))))


def find_left(session: Session, job_id: str) -> list[str]:
    """The files of a job without pictures that no other job with a picture, or that goes on, was given."""
    other = aliased(JobSourceRow)
    shown = select(PictureRow.id).where(PictureRow.job_id == JobRow.id, HAS_FILES)
    needed = (
        select(JobRow.id)
        .join(other, other.job_id == JobRow.id)
        .where(other.file_key == JobSourceRow.file_key, shown.exists() | _needs_uploads())
    )
    mine = select(JobSourceRow.file_key).where(
        JobSourceRow.job_id == job_id, JobSourceRow.picture_id.is_(None), JobSourceRow.part == "key"
    )
    return list(session.scalars(mine.where(~needed.exists())))


def expire(session: Session, file_keys: Collection[str]) -> set[str]:
    """The quotas of the people who brought the files count them no more. Returns what to delete after the commit."""
    there = UploadRow.file_key.in_(file_keys) & UploadRow.deleted_at.is_(None)
    session.execute(
        update(UploadRow).where(there).values(deleted_at=now()),
        execution_options={"synchronize_session": False},
    )
    of_source = aliased(JobSourceRow)
    same = (of_source.job_id == JobSourceRow.job_id) & (of_source.position == JobSourceRow.position)
    files = select(JobSourceRow.file_key).join(of_source, same).where(of_source.file_key.in_(file_keys))
    return file_references.find_unnamed(session, session.scalars(files))


def _needs_uploads() -> ColumnElement[bool]:
    """Jobs that go on, are part of an open gathering, or have to be decided about."""
    played = select(GatheringRow.id).where(
        GatheringRow.id == JobRow.gathering, GatheringRow.closed_at.is_(None)
    )
    judged = select(CaseRow.id).where(CaseRow.job_id == JobRow.id, CaseRow.state == CaseState.OPEN)
    return JobRow.state.in_(sorted(GOING_ON)) | played.exists() | judged.exists()
