"""The appeal against a takedown: the picture comes back, or its files go."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from moderation.cases.side_effects import DecisionEffects
from moderation.records.tables import EVERYWHERE, BlockedPictureRow
from moderation.reports.hidden_pictures import show
from studio.db import outbox, queries
from studio.db.cases import case_of
from studio.db.tables import CaseRow, JobRow, PictureRow
from studio.domain.cases import Case, CaseKind, Decision
from studio.domain.events import JobChanged
from studio.domain.people import Platform
from studio.services import file_references


def find_takedown(session: Session, case: Case) -> Case | None:
    """The report on whose picture an appeal is, by the decision on which it was taken down. None of a look-alike.

    Asked after the decision on the appeal, which leaves the link as it is.
    """
    if case.kind is not CaseKind.APPEAL or case.picture_id is None:
        return None
    row = session.get(PictureRow, case.picture_id)
    report = session.get(CaseRow, row.taken_down_by) if row is not None and row.taken_down_by else None
    return case_of(report) if report is not None and report.picture_id == case.picture_id else None


def answer_appeal(session: Session, case: Case) -> DecisionEffects:
    """Granted, the picture is there again, and what the takedown blocked in this community may be made again."""
    outcome = DecisionEffects()
    row = session.get_one(PictureRow, case.picture_id)
    waits = row.appeal_until is not None  # else the owner deleted it meanwhile
    row.appeal_until = None
    if not waits:
        return outcome
    if case.decision is Decision.REJECT:
        session.flush()
        outcome.files |= file_references.find_unneeded(session, queries.picture_of(row).file_keys)
        return outcome
    row.deleted_at = None
    if takedown := find_takedown(session, case):
        here = (BlockedPictureRow.case_id == takedown.id) & (BlockedPictureRow.platform != EVERYWHERE)
        session.execute(delete(BlockedPictureRow).where(here))
    session.flush()
    outcome.events += show(session, [row])
    if case.decision is Decision.SPOILER:
        job = session.get_one(JobRow, row.job_id)
        job.spoiler = True
        outcome.events.append(
            outbox.write(session, JobChanged(job_id=job.id, platform=Platform(job.platform)))
        )
    return outcome
