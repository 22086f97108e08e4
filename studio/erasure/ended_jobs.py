"""Rows of jobs that ended long ago and of which nothing is left to see go, with all that belongs to them alone.

A job stays while it has a picture that anybody may see or see again, while a picture was made from one of its own,
while another job's request names one, and while a public link, a saved style, a gathering or a case needs it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, delete, select, update
from sqlalchemy.orm import Session

from studio.db.tables import (
    CaseRow,
    CollectedRow,
    DeliveryRow,
    FolderPictureRow,
    GatheringPartRow,
    GatheringRow,
    JobRow,
    JobSourceRow,
    LedgerRow,
    LineageRow,
    NoticeRow,
    PictureRow,
    ShareRow,
    StarRow,
)
from studio.domain.cases import CaseState
from studio.domain.deliveries import DeliveryKind
from studio.domain.jobs import GOING_ON, JobState
from studio.services.file_references import HAS_FILES

_OF_JOBS = (DeliveryKind.JOB, DeliveryKind.RETIRED)
_OVER = sorted(frozenset(JobState) - GOING_ON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What must stay, as queries of single columns: ids of jobs, and the keys of people all of whose records stay."""

    jobs: Select[str | None] | CompoundSelect[str | None]
    people: Select[str]


def delete_ended_jobs(
    session: Session,
    job_ids: Collection[str],
    *,
    before: datetime,
    cases_before: datetime,
    protection: Protection,
    pictures_in_use: Collection[str] = (),
) -> int:
    """How many of the jobs went: those that ended before `before` and whose pictures were deleted before it.

    Cases closed before `cases_before`, which say nothing any more, lose their job; others keep it. `pictures_in_use`
    are ids of pictures that JSON columns name. What another transaction holds is left for the next time.
    """
    locked = session.scalars(
        select(JobRow.id).where(JobRow.id.in_(job_ids)).with_for_update(skip_locked=True)
    ).all()
    unneeded = select(JobRow.id).where(JobRow.id.in_(locked), *_conditions(before, cases_before, protection))
    jobs = set(session.scalars(unneeded))
    named = PictureRow.id.in_(pictures_in_use)
    jobs.difference_update(session.scalars(select(PictureRow.job_id).where(named)) if pictures_in_use else ())
    if jobs:
        _delete(session, sorted(jobs))
    return len(jobs)


def _conditions(
    before: datetime, cases_before: datetime, protection: Protection
) -> tuple[ColumnElement[bool], ...]:
    of_job = PictureRow.job_id == JobRow.id
    case_counts = (
        (CaseRow.state == CaseState.OPEN)
        | CaseRow.decided_at.is_(None)
        | (CaseRow.decided_at >= cases_before)
    )
    needed: tuple[Select[Any], ...] = (
        select(PictureRow.id).where(of_job, HAS_FILES | (PictureRow.deleted_at >= before)),
        select(LineageRow.child).join(PictureRow, PictureRow.id == LineageRow.parent).where(of_job),
        select(JobSourceRow.job_id).join(PictureRow, PictureRow.id == JobSourceRow.picture_id).where(of_job),
        select(ShareRow.token).join(PictureRow, PictureRow.id == ShareRow.picture_id).where(of_job),
        select(GatheringPartRow.ordinal)
        .join(PictureRow, PictureRow.id == GatheringPartRow.picture)
        .where(of_job),
        select(GatheringPartRow.ordinal).where(GatheringPartRow.job == JobRow.id),
        select(GatheringRow.id).where(GatheringRow.id == JobRow.gathering, GatheringRow.closed_at.is_(None)),
        select(CaseRow.id).where(CaseRow.job_id == JobRow.id, case_counts),
    )
    return (
        JobRow.state.in_(_OVER),
        JobRow.ended_at < before,
        JobRow.grid_key.is_(None),
        JobRow.id.not_in(protection.jobs),
        JobRow.person_key.not_in(protection.people),
        *(~query.exists() for query in needed),
    )


def _delete(session: Session, job_ids: list[str]) -> None:
    pictures = list(session.scalars(select(PictureRow.id).where(PictureRow.job_id.in_(job_ids))))
    statements = (
        update(LedgerRow).where(LedgerRow.job_id.in_(job_ids)).values(job_id=None),
        update(CaseRow).where(CaseRow.job_id.in_(job_ids)).values(job_id=None),
        delete(DeliveryRow).where(DeliveryRow.kind.in_(_OF_JOBS), DeliveryRow.subject.in_(job_ids)),
        delete(DeliveryRow).where(
            DeliveryRow.kind == DeliveryKind.STARBOARD, DeliveryRow.subject.in_(pictures)
        ),
        delete(NoticeRow).where(NoticeRow.job_id.in_(job_ids)),
        delete(StarRow).where(StarRow.picture_id.in_(pictures)),
        delete(CollectedRow).where(CollectedRow.item.in_(pictures)),
        delete(FolderPictureRow).where(FolderPictureRow.picture_id.in_(pictures)),
        delete(LineageRow).where(LineageRow.child.in_(pictures)),
        delete(PictureRow).where(PictureRow.id.in_(pictures)),
        delete(JobSourceRow).where(JobSourceRow.job_id.in_(job_ids)),
        delete(JobRow).where(JobRow.id.in_(job_ids)),
    )
    for statement in statements:
        session.execute(statement, execution_options={"synchronize_session": False})
