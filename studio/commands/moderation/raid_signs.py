"""Whether people join, are refused or are reported much more often than usual in a community."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from studio.db.tables import CaseRow, JobRow, PersonRow
from studio.domain.cases import CaseKind
from studio.domain.jobs import JobState
from studio.domain.people import Person, RaidSigns

WINDOW = timedelta(minutes=15)
_USUAL = timedelta(days=7)
_LEAST = 6  # in the window; fewer are no jump
_TIMES = 4.0  # as many as usual


def find_raid_signs(session: Session, moderator: Person, *, at: datetime) -> RaidSigns | None:
    """None while nothing jumps in the moderator's community."""
    refused, reported = JobRow.state == JobState.REFUSED, CaseRow.kind == CaseKind.REPORT
    counted = (
        _count(session, PersonRow.first_seen_at, _here(PersonRow, moderator), at),
        _count(session, JobRow.created_at, _here(JobRow, moderator) & refused, at),
        _count(session, CaseRow.opened_at, _here(CaseRow, moderator) & reported, at),
    )
    if not any(recent >= _LEAST and recent > _TIMES * usual for recent, usual in counted):
        return None
    joins, refusals, reports = (recent for recent, _ in counted)
    return RaidSigns(joins=joins, refusals=refusals, reports=reports)


def _here(table: type[PersonRow | JobRow | CaseRow], moderator: Person) -> ColumnElement[bool]:
    return (table.platform == moderator.platform) & (table.community == moderator.community)


def _count(
    session: Session, time: InstrumentedAttribute[datetime], where: ColumnElement[bool], at: datetime
) -> tuple[int, float]:
    """In the window, and on average in as long a time of the week before it."""
    query = select(func.count()).select_from(time.class_).where(where)
    recent = session.scalar(query.where(time > at - WINDOW)) or 0
    before = session.scalar(query.where(time <= at - WINDOW, time > at - WINDOW - _USUAL)) or 0
    return recent, before / (_USUAL / WINDOW)
