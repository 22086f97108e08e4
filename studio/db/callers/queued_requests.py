"""A job that was accepted is in the queue, and the event that tells of it is sent: noted together."""

from collections.abc import Sequence
from datetime import datetime

from studio.db import outbox
from studio.db.database import Database
from studio.db.job_transitions import MARK_QUEUED, mark_queued
from studio.db.tables import OutboxRow

_BOTH = MARK_QUEUED.add_cte(outbox.MARK_ONE_PUBLISHED.cte("published"))


def mark_queued_and_published(
    database: Database, job_id: str, sent: Sequence[OutboxRow], *, at: datetime
) -> None:
    """With one statement where there is one event and the database can. A worker may have taken the job already."""
    if len(sent) != 1 or database.is_sqlite:
        with database.begin() as session:
            outbox.mark_published(session, sent)
            mark_queued(session, job_id, at=at)
        return
    with database.begin_single() as session:
        session.execute(_BOTH, {"this": job_id, "moment": at, **outbox.values_of_one(sent[0], at=at)})
