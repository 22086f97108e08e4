"""Requeues stalled jobs, publishes events that were not sent or shown, and ends the phases of gatherings."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from studio.clock import now
from studio.coded_text import to_stored
from studio.db import credit_ledger, job_transitions, outbox, queries
from studio.db.database import Database
from studio.db.settings import find_paused_communities
from studio.db.tables import JobRow, OutboxRow
from studio.domain.events import JobEnded
from studio.domain.jobs import WAITING, JobState
from studio.domain.people import Platform
from studio.errors import GenerationError
from studio.gatherings import periodic_tasks
from studio.ports import Events, InstanceLimits, Queue
from studio.services import held_job_decisions
from studio.services.built_on_notices import notify_owners

_UNSENT_AFTER = timedelta(seconds=3)  # committed, and still not on the queue or the stream
_STALE_AFTER = timedelta(seconds=30)  # queued, and the message may be lost: the queue is asked
_ASK_EVERY = timedelta(seconds=30)  # of thousands that wait, nothing is read in between

_MOST_AT_ONCE = 500
_MOST_SOUGHT = 5000  # a database takes only so many parameters

log = logging.getLogger(__name__)


class Sweeper:
    """Run by Celery beat every few seconds; two sweeps at once do no harm."""

    def __init__(
        self,
        *,
        database: Database,
        queue: Queue,
        events: Events,
        rules: InstanceLimits,
        keep_events: timedelta = outbox.RETENTION,
    ) -> None:
        self._database = database
        self._queue = queue
        self._events = events
        self._rules = rules
        self._keep_events = keep_events
        self._asked_at: datetime | None = None  # the queue, for the messages of all jobs that wait long

    def sweep(self) -> None:
        """Raises `QueueUnavailableError` or `DatabaseUnavailableError`; the next sweep goes on."""
        at = now()
        asks = self._asked_at is None or at - self._asked_at >= _ASK_EVERY
        with self._database.read() as session:
            stranded = job_transitions.find_stalled(
                session,
                at=at,
                unsent_before=at - _UNSENT_AFTER,
                stale_before=at - _STALE_AFTER if asks else None,
                resting=find_paused_communities(session),
            )
        lost = self._without_queued(stranded, at)
        if asks and len(lost) <= _MOST_AT_ONCE:
            self._asked_at = at
        for row in self._load(lost):
            if row.state == JobState.PAINTING and row.attempts >= self._rules.max_attempts:
                self._give_up(row, at)
            else:
                self._send_again(row, at)
        # Before old events are forgotten: those of a restored database are all old.
        outbox.send_undelivered(self._database, self._events, at=at)
        outbox.send_unsent(self._database, self._events, before=at - _UNSENT_AFTER, keep=self._keep_events)
        periodic_tasks.sweep(self._database, self._events)

    def _without_queued(self, stranded: Mapping[str, str], at: datetime) -> list[str]:
        """Those whose message still lies in the queue only wait their turn: a second message would help nobody."""
        waiting = {job_id for job_id, state in stranded.items() if state in WAITING}
        queued = waiting & self._queue.waiting() if waiting else set()
        unnoted = {job_id for job_id in queued if stranded[job_id] == JobState.ACCEPTED}
        if unnoted:
            with self._database.begin() as session:
                job_transitions.confirm_queued(session, unnoted, at=at)
        return [job_id for job_id in stranded if job_id not in queued]

    def _load(self, job_ids: Sequence[str]) -> list[JobRow]:
        """The oldest of them; the next sweep goes on."""
        if not job_ids:
            return []
        found = select(JobRow).where(JobRow.id.in_(job_ids[:_MOST_SOUGHT])).order_by(JobRow.created_at)
        with self._database.read() as session:
            return list(session.scalars(found.limit(_MOST_AT_ONCE)))

    def _send_again(self, row: JobRow, at: datetime) -> None:
        self._queue.enqueue(row.id, priority=row.priority, model=row.model)
        log.info("job requeued", extra={"job_id": row.id, "state": row.state, "attempts": row.attempts})
        with self._database.begin() as session:
            job_transitions.requeue(session, row.id, at=at)

    def _give_up(self, row: JobRow, at: datetime) -> None:
        reason = GenerationError()
        ending = job_transitions.JobEnding(reason.code, to_stored(*reason.texts))
        events: list[OutboxRow] = []
        with self._database.begin() as session:
            shown = held_job_decisions.count_shown(
                session, row.id
            )  # it is done with what could be seen already
            state = JobState.DONE if shown else JobState.FAILED
            ending = job_transitions.JobEnding() if shown else ending
            if job_transitions.end(session, row.id, state, at=at, worker=row.lease_owner, ending=ending):
                job = session.get_one(JobRow, row.id)
                if shown:
                    credit_ledger.capture(session, job, painted=shown, at=at)
                    events += notify_owners(session, queries.job_of(job))
                else:
                    credit_ledger.release(session, job, at=at)
                event = JobEnded(job_id=row.id, platform=Platform(row.platform), state=state)
                events.append(outbox.write(session, event))
        outbox.send(self._database, self._events, events)
        log.error("job failed: no attempts left", extra={"job_id": row.id, "attempts": row.attempts})
