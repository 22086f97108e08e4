"""Questions to the owners of pictures that nobody answered: after a week the answer is no."""

from datetime import timedelta

from sqlalchemy import select

from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.db import cases, job_transitions, outbox
from studio.db.database import Database
from studio.db.tables import CaseRow, JobRow
from studio.domain.jobs import JobState
from studio.ports import Events
from studio.services import held_job_decisions

WAITS = timedelta(days=7)
_UNANSWERED = to_stored(coded("stopped.unanswered"))


def close_unanswered(database: Database, events: Events) -> int:
    """The jobs that waited end, and their credits go back. How many such jobs there were."""
    with database.read() as session:
        old = cases.OPEN_QUESTION & (CaseRow.opened_at < now() - WAITS)
        query = select(CaseRow.job_id).where(old).distinct()
        job_ids = [found for found in session.scalars(query) if found is not None]
    return sum(_end(database, events, job_id) for job_id in sorted(job_ids))


def _end(database: Database, events: Events, job_id: str) -> bool:
    """One job at a time, locked before its questions, as when one is answered. False: somebody just did."""
    with database.begin() as session:
        job_transitions.lock_jobs(session, JobRow.id == job_id)
        rows = list(held_job_decisions.withdraw_questions(session, job_id))
        if rows:
            rows += held_job_decisions.stop(
                session, job_id, JobState.CANCELLED, error_code="consent", error_text=_UNANSWERED
            )
    outbox.send(database, events, rows)
    return bool(rows)
