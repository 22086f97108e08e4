"""Deletes the records of jobs of which nothing is left to see, where an administrator has set after how many days."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.database import Database
from studio.db.styles.saved_styles import referenced_pictures
from studio.db.tables import JobRow, JobSourceRow
from studio.erasure.ended_jobs import Protection, delete_ended_jobs

_BATCH = 500  # jobs a transaction
MOST_A_RUN = 100_000  # jobs looked at; the next run goes on behind them

log = logging.getLogger(__name__)


class JobRetention:
    """Run by the maintenance worker each hour; two at once, and one that is killed, do no harm."""

    def __init__(
        self, *, database: Database, keep: timedelta, keep_cases: timedelta, protection: Protection
    ) -> None:
        self._database = database
        self._keep = keep
        self._keep_cases = keep_cases
        self._protection = protection
        self._behind: tuple[datetime, str] | None = None  # the last one looked at; None: from the beginning

    def delete_old(self, at: datetime | None = None) -> int:
        """How many jobs went. Raises `DatabaseUnavailableError`; what was deleted before stays deleted."""
        at = at or now()
        before, deleted = at - self._keep, 0
        with self._database.read() as session:
            styled = referenced_pictures(session)
        for _ in range(MOST_A_RUN // _BATCH):
            with self._database.read() as session:
                found = self._find_next(session, before)
            if not found:
                self._behind = None
                break
            for job_ids in self._transactions([job_id for _, job_id in found]):
                with self._database.begin() as session:
                    deleted += delete_ended_jobs(
                        session,
                        job_ids,
                        before=before,
                        cases_before=at - self._keep_cases,
                        protection=self._protection,
                        pictures_in_use=styled,
                    )
            self._behind = found[-1]
        if deleted:
            log.info("old job records deleted", extra={"jobs": deleted})
        return deleted

    def _transactions(self, job_ids: Collection[str]) -> list[list[str]]:
        """Each job with attached files for itself, as its end changes the sums of its person and community."""
        with self._database.read() as session:
            named = select(JobSourceRow.job_id).where(JobSourceRow.job_id.in_(job_ids))
            with_files = set(session.scalars(named.where(JobSourceRow.picture_id.is_(None))))
        others = [job_id for job_id in job_ids if job_id not in with_files]
        return [*([others] if others else []), *([job_id] for job_id in sorted(with_files))]

    def _find_next(self, session: Session, before: datetime) -> list[tuple[datetime, str]]:
        place = tuple_(JobRow.ended_at, JobRow.id)
        query = select(JobRow.ended_at, JobRow.id).where(JobRow.ended_at < before)
        if self._behind is not None:
            query = query.where(JobRow.ended_at >= self._behind[0], place > tuple_(*self._behind))
        ordered = query.order_by(JobRow.ended_at, JobRow.id).limit(_BATCH)
        return [(ended_at, job_id) for ended_at, job_id in session.execute(ordered) if ended_at is not None]
