"""Urgent reports of people who have a name here: they hide the picture until a moderator decides."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.reports.hidden_pictures import hide
from studio.clock import now
from studio.db import cases
from studio.db.identities.linked_identities import identities
from studio.db.job_transitions import lock_jobs
from studio.db.tables import CaseRow, JobRow, OutboxRow
from studio.domain.cases import INTIMATE_WITHIN, URGENT, Case, CaseKind, CaseState

MOST_HIDES = 20  # a day, for one human; more are filed, and hide nothing
_LEAST_WEIGHT = 0.5  # of a human's reports: from more wrong ones on they hide nothing
_DAY = timedelta(days=1)


def hide_reported(session: Session, case_id: str) -> list[OutboxRow]:
    """The events to send. What is decided or hidden already stays as it is. Raises `NotFoundError`."""
    case = cases.find_case(session, case_id)
    lock_jobs(session, JobRow.id == case.job_id)
    row = session.get_one(CaseRow, case_id, populate_existing=True)
    case = cases.case_of(row)
    return hide(session, case) if _may_hide(session, case) else []


def _may_hide(session: Session, case: Case) -> bool:
    if case.state is not CaseState.OPEN or case.weight < URGENT or case.filed_by is None:
        return False
    theirs = CaseRow.filed_by.in_(identities(session, case.filed_by)) & (CaseRow.kind == CaseKind.REPORT)
    lately = (CaseRow.weight >= URGENT) & (CaseRow.opened_at > now() - _DAY)
    query = select(func.count()).select_from(CaseRow).where(theirs, lately)
    few = (session.scalar(query) or 0) <= MOST_HIDES
    return few and cases.report_weight(session, case.filed_by) >= _LEAST_WEIGHT


def decide_by(case: Case) -> datetime | None:
    """Until when a moderator should have decided an urgent report; None of another case."""
    urgent = case.kind is CaseKind.REPORT and case.weight >= URGENT
    return case.opened_at + INTIMATE_WITHIN if urgent else None
