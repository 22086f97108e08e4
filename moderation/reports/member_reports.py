"""Urgent reports of people who have a name here: they hide the picture until a moderator decides."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from moderation.reports.hidden_pictures import hide
from studio.clock import now
from studio.db import cases
from studio.db.identities.linked_identities import identities
from studio.db.job_transitions import lock_jobs
from studio.db.newcomers.newcomer_origins import ADDRESS, FIRST_DAY, find_first_seen
from studio.db.tables import CaseRow, JobRow, OutboxRow, PersonRow
from studio.db.tables.identities import OriginRow
from studio.domain.cases import INTIMATE_WITHIN, URGENT, Case, CaseKind, CaseState

# A day, for one human and all who come from their addresses; more are filed, and hide nothing.
MOST_HIDES = 20
# A day, for all who are on their first day. Reports from outside have a bound of their own, which new names thus leave.
MOST_NEWCOMER_HIDES = 100
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
    if cases.report_weight(session, case.filed_by) < _LEAST_WEIGHT:
        return False
    names = identities(session, case.filed_by)
    addresses = select(OriginRow.origin).where(
        OriginRow.person_key.in_(names), OriginRow.origin.startswith(ADDRESS)
    )
    neighbours = select(OriginRow.person_key).where(OriginRow.origin.in_(addresses))
    if _count_urgent(session, CaseRow.filed_by.in_(names) | CaseRow.filed_by.in_(neighbours)) > MOST_HIDES:
        return False
    first_day = now() - FIRST_DAY
    seen_at = find_first_seen(session, case.filed_by)
    if seen_at is not None and seen_at < first_day:
        return True
    newcomers = select(PersonRow.key).where(PersonRow.first_seen_at >= first_day)
    return _count_urgent(session, CaseRow.filed_by.in_(newcomers)) <= MOST_NEWCOMER_HIDES


def _count_urgent(session: Session, filed: ColumnElement[bool]) -> int:
    """Today's urgent reports, the newest included."""
    urgent = (CaseRow.kind == CaseKind.REPORT) & (CaseRow.weight >= URGENT)
    query = select(func.count()).select_from(CaseRow).where(urgent, CaseRow.opened_at > now() - _DAY, filed)
    return session.scalar(query) or 0


def decide_by(case: Case) -> datetime | None:
    """Until when a moderator should have decided an urgent report; None of another case."""
    urgent = case.kind is CaseKind.REPORT and case.weight >= URGENT
    return case.opened_at + INTIMATE_WITHIN if urgent else None
