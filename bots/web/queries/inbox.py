"""The messages of one person: questions that wait for their answer, and notices."""

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import cases
from studio.db.tables import CaseRow, NoticeRow
from studio.domain.cases import CaseState, Notice

_MOST_NOTICES = 20


def read_messages(session: Session, person_key: str) -> tuple[list[str], list[Notice]]:
    """The ids of the cases that wait for the person's answer, and their latest notices."""
    questions = [row.id for row in session.scalars(_questions_to(person_key).order_by(CaseRow.opened_at))]
    query = select(NoticeRow.id).where(NoticeRow.person_key == person_key)
    latest = session.scalars(query.order_by(NoticeRow.written_at.desc()).limit(_MOST_NOTICES))
    return questions, [cases.find_notice(session, notice_id) for notice_id in latest]


def mark_read(session: Session, person_key: str) -> None:
    mine = NoticeRow.person_key == person_key
    session.execute(
        update(NoticeRow).where(mine, NoticeRow.delivered_at.is_(None)).values(delivered_at=now())
    )


def count_messages(session: Session, person_key: str) -> int:
    """Questions without an answer, and notices that were not read."""
    asked = session.scalar(select(func.count()).select_from(_questions_to(person_key).subquery())) or 0
    query = select(func.count()).select_from(NoticeRow)
    unread = session.scalar(query.where(NoticeRow.person_key == person_key, NoticeRow.delivered_at.is_(None)))
    return asked + (unread or 0)


def _questions_to(person_key: str) -> Select[CaseRow]:
    return select(CaseRow).where(CaseRow.addressee == person_key, CaseRow.state == CaseState.OPEN)
