"""Pictures that a moderator took down and their owners may appeal: out of sight, their files kept until then."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from studio.clock import now
from studio.coded_text import CodedText, coded
from studio.db.tables import CaseRow, PictureRow
from studio.domain.cases import CaseKind, CaseState

APPEAL_WITHIN = timedelta(days=180)
APPEAL_ADVICE = "advice.appeal_picture"  # the code of what their owners are told


def record_appeal_window(
    session: Session, picture_ids: Collection[str], *, until: datetime, case_id: str | None = None
) -> None:
    """Before they are deleted. `case_id` is the report that led to it; None: a moderator deleted them without one."""
    rows = update(PictureRow).where(PictureRow.id.in_(picture_ids))
    session.execute(rows.values(appeal_until=until, taken_down_by=case_id))


def appeal_advice(picture_id: str, until: datetime) -> CodedText:
    """What its owner is told of it."""
    return coded("advice.appeal_picture", picture=picture_id, until=until)


def find_appealable(
    session: Session, person_keys: Sequence[str], job_id: str | None = None
) -> list[PictureRow]:
    """Pictures of these people, or of one job of theirs, that were taken down and may be appealed, oldest first."""
    query = select(PictureRow).where(PictureRow.person_key.in_(person_keys), PictureRow.appeal_until > now())
    if job_id is not None:
        query = query.where(PictureRow.job_id == job_id)
    return list(session.scalars(query.order_by(PictureRow.created_at, PictureRow.id)))


def end_appeal_windows(session: Session) -> None:
    """Where the time is over and no appeal waits, the files may go; the orphan file cleaner deletes them."""
    waiting = select(CaseRow.picture_id).where(
        CaseRow.kind == CaseKind.APPEAL, CaseRow.state == CaseState.OPEN, CaseRow.picture_id.is_not(None)
    )
    over = (PictureRow.appeal_until < now()) & PictureRow.id.not_in(waiting)
    session.execute(update(PictureRow).where(over).values(appeal_until=None))
