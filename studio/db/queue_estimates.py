"""A job's place in the queue, and when it will be done, learned from the jobs that were painted lately."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.db.tables import JobRow
from studio.domain.jobs import OUTSTANDING, JobState
from studio.runtime.clock import now

_RECENT_JOBS = 200
_Kind = tuple[str | None, str]  # model, command


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """`ahead` counts the outstanding jobs served before a job that `waits`.

    `eta_seconds` is how long until the job is done; None when nothing like it was painted lately.
    """

    waits: bool = False
    ahead: int = 0
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePace:
    """Seconds of painting for each picture by model and command, and how many jobs are painted side by side."""

    seconds: Mapping[_Kind, float]
    at_once: float

    def of(self, model: str | None, command: str, cost: int) -> float | None:
        """What is known of such jobs, else of the model's other jobs, else None."""
        alike = self.seconds.get((model, command))
        if alike is None:
            others = [seconds for (known, _), seconds in self.seconds.items() if known == model]
            alike = statistics.median(others) if others else None
        return None if alike is None else alike * max(cost, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Painted:
    kind: _Kind
    cost: int
    seconds: float
    started_at: datetime


def outlook(session: Session, job_id: str) -> Outlook:
    """Of one job; nobody is ahead of a job that is over or held, and it has no time left to tell."""
    return outlooks(session).get(job_id, Outlook())


def outlooks(session: Session) -> dict[str, Outlook]:
    """Of every outstanding job."""
    columns = JobRow.id, JobRow.state, JobRow.model, JobRow.command, JobRow.cost, JobRow.started_at
    query = select(*columns).where(JobRow.state.in_(sorted(OUTSTANDING)))
    rows = session.execute(query.order_by(JobRow.priority, JobRow.created_at)).all()
    if not rows:
        return {}
    pace, at = learn_pace(session), now()
    painting = [row for row in rows if row.state == JobState.PAINTING]
    found = {row.id: Outlook(eta_seconds=_left(row, pace, at)) for row in painting}
    work_seconds = 0.0
    for row in painting:
        work_seconds += found[row.id].eta_seconds or 0.0
    waiting = (row for row in rows if row.state != JobState.PAINTING)
    for ahead, row in enumerate(waiting, start=len(painting)):
        own = pace.of(row.model, row.command, row.cost)
        eta = None if own is None else own + work_seconds / pace.at_once
        found[row.id] = Outlook(waits=True, ahead=ahead, eta_seconds=eta)
        work_seconds += own or 0.0
    return found


def learn_pace(session: Session) -> QueuePace:
    """From the latest jobs that were painted to the end."""
    columns = JobRow.model, JobRow.command, JobRow.cost, JobRow.painting_seconds, JobRow.started_at
    query = select(*columns).where(JobRow.painting_seconds.is_not(None), JobRow.started_at.is_not(None))
    latest = [
        _Painted(kind=(model, command), cost=max(cost, 1), seconds=seconds, started_at=started_at)
        for model, command, cost, seconds, started_at in session.execute(
            query.order_by(JobRow.ended_at.desc()).limit(_RECENT_JOBS)
        )
        if seconds is not None and started_at is not None
    ]
    by_kind: dict[_Kind, list[float]] = defaultdict(list)
    for job in latest:
        by_kind[job.kind].append(job.seconds / job.cost)
    seconds = {kind: statistics.median(found) for kind, found in by_kind.items()}
    return QueuePace(seconds=seconds, at_once=_at_once(latest))


def _left(row: Any, pace: QueuePace, at: datetime) -> float | None:
    """Seconds that a job being painted still needs."""
    wanted = pace.of(row.model, row.command, row.cost)
    if wanted is None:
        return None
    elapsed = (at - row.started_at).total_seconds() if row.started_at else 0.0
    return max(0.0, wanted - elapsed)


def _at_once(painted: Sequence[_Painted]) -> float:
    """All seconds of painting over the seconds in which anything was painted; 1 or more."""
    total, covered = 0.0, 0.0
    until: datetime | None = None
    for job in sorted(painted, key=lambda job: job.started_at):
        ends_at = job.started_at + timedelta(seconds=job.seconds)
        begins_at = job.started_at if until is None else max(job.started_at, until)
        total += job.seconds
        covered += max(0.0, (ends_at - begins_at).total_seconds())
        until = ends_at if until is None else max(until, ends_at)
    return max(1.0, total / covered) if covered else 1.0
