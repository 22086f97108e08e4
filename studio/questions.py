"""Questions to the owners of pictures that nobody answered: after a week the answer is no."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio import releases
from studio.cases import CaseKind, CaseState, Decision
from studio.clock import now
from studio.db import cases, outbox
from studio.db.database import Database
from studio.db.tables import CaseRow, OutboxRow
from studio.jobs import JobState
from studio.ports import Events

WAITS = timedelta(days=7)
_UNANSWERED = "The person who made the picture did not answer. Nothing was charged."


def close_unanswered(database: Database, events: Events) -> int:
    """The jobs that waited end, and their credits go back. How many questions were closed."""
    rows: list[OutboxRow] = []
    with database.begin() as session:
        old = (CaseRow.state == CaseState.OPEN) & (CaseRow.opened_at < now() - WAITS)
        query = select(CaseRow).where(CaseRow.kind == CaseKind.CONSENT, old).order_by(CaseRow.id)
        found = [row for row in session.scalars(query).all() if _close(session, row)]
        for row in found:
            rows.append(cases.changed(session, row))
            rows += releases.stop(
                session,
                row.job_id or "",
                JobState.CANCELLED,
                error_code="consent",
                error_text=_UNANSWERED,
            )
    outbox.send(database, events, rows)
    return len(found)


def _close(session: Session, row: CaseRow) -> bool:
    closed = cases.close(session, row.id, Decision.REJECT, by="", at=now())
    session.refresh(row)
    return closed
