"""Files that people attached to requests go once no job needs them, and the rows stay for the jobs that name them.

A file is there once, and has a row for each person who attached it. Each row ends in a transaction of its own, which
locks what one person and one community take; the file goes with the last one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session, aliased

from studio.clock import now
from studio.db.database import Database
from studio.db.tables import CaseRow, EvidenceRow, GatheringRow, JobRow, JobSourceRow, PictureRow, UploadRow
from studio.domain.cases import CaseState, Decision
from studio.domain.jobs import CORE, GOING_ON, UNHEARD, JobState
from studio.ports import Store
from studio.services import file_references
from studio.services.file_references import HAS_FILES
from studio.services.picture_deletion import delete_files

APPEALED_FOR = timedelta(days=30)  # after which a refused request's files may be gone
LEFT_ALONE = timedelta(days=1)  # in which a job that failed may be asked for again

_AGAINST = (Decision.REJECT, Decision.WARN, Decision.SUSPEND, Decision.BAN, Decision.BLOCK)

UploadId = tuple[str, str]  # the file's key, and the person's


@dataclass(frozen=True, slots=True)
class Unneeded:
    """A condition on rows of uploads, asked again when the row is locked."""

    condition: ColumnElement[bool]

    def find(self, session: Session, *, limit: int) -> list[UploadId]:
        """The oldest first."""
        rows = select(UploadRow.file_key, UploadRow.person_key).where(self._rows())
        ordered = rows.order_by(UploadRow.used_at, UploadRow.file_key, UploadRow.person_key)
        return [(file_key, person_key) for file_key, person_key in session.execute(ordered.limit(limit))]

    def expire(self, database: Database, store: Store, uploads: Collection[UploadId]) -> int:
        """How many rows ended, one a transaction. Files that nobody else needs go.

        Raises `DatabaseUnavailableError`. Where the storage is not available, the orphan file cleaner deletes them.
        """
        expired = 0
        for file_key, person_key in uploads:
            row = (UploadRow.file_key == file_key) & (UploadRow.person_key == person_key)
            with database.begin() as session:
                ended = session.scalars(
                    update(UploadRow)
                    .where(row, self._rows())
                    .values(deleted_at=now())
                    .returning(UploadRow.file_key),
                    execution_options={"synchronize_session": False},
                ).all()
                files = _find_unnamed(session, file_key) if ended else set[str]()
            delete_files(database, store, files)
            expired += len(ended)
        return expired

    def _rows(self) -> ColumnElement[bool]:
        return UploadRow.deleted_at.is_(None) & self.condition


def unused_since(before: datetime, *, jobs: ColumnElement[bool]) -> Unneeded:
    """Those that no job was given since `before`; not those of `jobs`."""
    used = JobRow.created_at >= before
    return Unneeded((UploadRow.used_at < before) & ~_named_by(_needs_uploads() | jobs | used))


def without_pictures(before: datetime, *, jobs: ColumnElement[bool]) -> Unneeded:
    """Those of which no picture is left of any job, and that no job needed since `before`; not those of `jobs`."""
    recent = JobRow.ended_at >= before
    needed = _needs_uploads() | jobs | _shows_pictures() | recent
    return Unneeded((UploadRow.used_at < before) & ~_named_by(needed))


def left_by(job_id: str) -> Unneeded:
    """Those of a job without pictures that no other job with a picture, or that goes on, was given."""
    mine = select(JobSourceRow.file_key).where(
        JobSourceRow.job_id == job_id, JobSourceRow.picture_id.is_(None), JobSourceRow.part == "key"
    )
    return Unneeded(UploadRow.file_key.in_(mine) & ~_named_by(_needs_uploads() | _shows_pictures()))


def is_request_needed(session: Session, job_id: str) -> bool:
    """Whether a job goes on, is part of an open gathering, is to be decided about or may be, or is evidence.

    Of a case decided against its person within `APPEALED_FOR` the words are needed, not the files.
    """
    decided = select(CaseRow.id).where(
        CaseRow.job_id == JobRow.id,
        CaseRow.decision.in_(_AGAINST),
        CaseRow.decided_at >= now() - APPEALED_FOR,
    )
    query = select(JobRow.id).where(JobRow.id == job_id, _needs_uploads() | decided.exists())
    return session.scalars(query).first() is not None


def _find_unnamed(session: Session, file_key: str) -> set[str]:
    """Of the file and the masks made of it."""
    of_source = aliased(JobSourceRow)
    same = (of_source.job_id == JobSourceRow.job_id) & (of_source.position == JobSourceRow.position)
    files = select(JobSourceRow.file_key).join(of_source, same).where(of_source.file_key == file_key)
    return file_references.find_unnamed(session, {file_key, *session.scalars(files)})


def _named_by(jobs: ColumnElement[bool]) -> ColumnElement[bool]:
    named: Select[str] = select(JobSourceRow.job_id).join(JobRow, JobRow.id == JobSourceRow.job_id)
    return named.where(JobSourceRow.file_key == UploadRow.file_key, jobs).correlate(UploadRow).exists()


def _shows_pictures() -> ColumnElement[bool]:
    return select(PictureRow.id).where(PictureRow.job_id == JobRow.id, HAS_FILES).exists()


def _needs_uploads() -> ColumnElement[bool]:
    """Jobs that go on, are part of an open gathering, have to be decided about, or may be; and what is evidence."""
    played = select(GatheringRow.id).where(
        GatheringRow.id == JobRow.gathering, GatheringRow.closed_at.is_(None)
    )
    judged = select(CaseRow.id).where(CaseRow.job_id == JobRow.id, CaseRow.state == CaseState.OPEN)
    evidence = select(EvidenceRow.id).where(EvidenceRow.job_id == JobRow.id)
    held = select(EvidenceRow.subject).where(EvidenceRow.legal_hold != "")
    may_be_appealed = (
        (JobRow.state == JobState.REFUSED)
        & JobRow.error_code.is_distinct_from(CORE)
        & JobRow.error_code.is_distinct_from(UNHEARD)
        & (JobRow.ended_at >= now() - APPEALED_FOR)
    )
    return (
        JobRow.state.in_(sorted(GOING_ON))
        | played.exists()
        | judged.exists()
        | evidence.exists()
        | JobRow.person_key.in_(held)
        | may_be_appealed
    )
