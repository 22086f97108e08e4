"""A job's place in the queue, and when it will be done, learned from the jobs that were painted lately."""

import statistics
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select, tuple_
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.tables import JobRow
from studio.domain.jobs import OUTSTANDING, WAITING, JobState

_RECENT_JOBS = 200
_MOST_SUMMED = 100  # wanted one by one
_COLUMNS = (JobRow.id, JobRow.state, JobRow.model, JobRow.command, JobRow.cost, JobRow.started_at)
_Kind = tuple[str | None, str]  # model, command
# Built once: the answer to each request for pictures asks them.
_PAINTING = select(*_COLUMNS).where(JobRow.state == JobState.PAINTING)
_OWN = select(*_COLUMNS, JobRow.priority, JobRow.created_at).where(
    JobRow.id == bindparam("job_id"), JobRow.state.in_(sorted(OUTSTANDING))
)
_LATEST = (
    select(JobRow.model, JobRow.command, JobRow.cost, JobRow.painting_seconds, JobRow.started_at)
    .where(
        JobRow.painting_seconds.is_not(None),
        JobRow.started_at.is_not(None),
        JobRow.ended_at.is_not(None),  # or PostgreSQL would walk over all that wait first
    )
    .order_by(JobRow.ended_at.desc())
    .limit(_RECENT_JOBS)
)


def _place_parameters(name: str) -> Any:
    """Where a job stands in the queue, as parameters."""
    columns = JobRow.priority, JobRow.created_at, JobRow.id
    return tuple_(*(bindparam(f"{name}_{column.key}", type_=column.type) for column in columns))


_in_order = tuple_(JobRow.priority, JobRow.created_at, JobRow.id)
_BEFORE: Select[str | None, str, int, int] = (
    select(
        JobRow.model,
        JobRow.command,
        func.count().label("jobs"),
        func.sum(case((JobRow.cost > 1, JobRow.cost), else_=1)).label("cost"),
    )
    .where(JobRow.state.in_(sorted(WAITING)), _in_order < _place_parameters("before"))
    .group_by(JobRow.model, JobRow.command)
)
_BETWEEN = _BEFORE.where(_in_order >= _place_parameters("since"))


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
    """Of one job; nobody is ahead of a job that is over or held, and it has no time left to tell.

    The database sums up the jobs before it: with 5,000 waiting, reading each of them would take ten times as long.
    """
    own = session.execute(_OWN, {"job_id": job_id}).one_or_none()
    if own is None:
        return Outlook()
    pace, at = learn_pace(session), now()
    if own.state == JobState.PAINTING:
        return Outlook(eta_seconds=_left(own, pace, at))
    painting = session.execute(_PAINTING).all()
    waiting = _count_before(session, own)
    work_seconds = sum(_left(row, pace, at) or 0.0 for row in painting)
    work_seconds += sum(pace.of(row.model, row.command, row.cost) or 0.0 for row in waiting)
    return _of_waiting(own, pace, len(painting) + sum(row.jobs for row in waiting), work_seconds)


def outlooks(session: Session, job_ids: Collection[str]) -> dict[str, Outlook]:
    """Of those of the jobs that are outstanding. The database sums up the jobs between each and the next."""
    own = JobRow.id.in_(job_ids) & JobRow.state.in_(sorted(OUTSTANDING))
    query = select(*_COLUMNS, JobRow.priority, JobRow.created_at).where(own)
    rows = session.execute(query.order_by(JobRow.priority, JobRow.created_at, JobRow.id)).all()
    if not rows:
        return {}
    pace, at = learn_pace(session), now()
    painting = session.execute(_PAINTING).all()
    left = {row.id: _left(row, pace, at) for row in painting}
    ahead, work_seconds = len(painting), sum(seconds or 0.0 for seconds in left.values())
    found = {row.id: Outlook(eta_seconds=left[row.id]) for row in rows if row.id in left}
    waiting = [row for row in rows if row.id not in left]
    if len(waiting) > _MOST_SUMMED:
        return found | _walk(session, waiting, pace, ahead, work_seconds)
    before = None
    for row in waiting:
        for group in _count_before(session, row, since=before):
            ahead += group.jobs
            work_seconds += pace.of(group.model, group.command, group.cost) or 0.0
        found[row.id] = _of_waiting(row, pace, ahead, work_seconds)
        before = row
    return found


def _walk(
    session: Session, wanted: Sequence[Any], pace: QueuePace, ahead: int, work_seconds: float
) -> dict[str, Outlook]:
    """For many: over all that wait, in their order."""
    names = {row.id for row in wanted}
    query = select(*_COLUMNS).where(JobRow.state.in_(sorted(WAITING)))
    found = {}
    ordered = session.execute(query.order_by(JobRow.priority, JobRow.created_at, JobRow.id))
    for position, row in enumerate(ordered, start=ahead):
        if row.id in names:
            found[row.id] = _of_waiting(row, pace, position, work_seconds)
        work_seconds += pace.of(row.model, row.command, row.cost) or 0.0
    return found


def learn_pace(session: Session) -> QueuePace:
    """From the latest jobs that were painted to the end."""
    latest = [
        _Painted(kind=(model, command), cost=max(cost, 1), seconds=seconds, started_at=started_at)
        for model, command, cost, seconds, started_at in session.execute(_LATEST)
        if seconds is not None and started_at is not None
    ]
    by_kind: dict[_Kind, list[float]] = defaultdict(list)
    for job in latest:
        by_kind[job.kind].append(job.seconds / job.cost)
    seconds = {kind: statistics.median(found) for kind, found in by_kind.items()}
    return QueuePace(seconds=seconds, at_once=_at_once(latest))


def _count_before(session: Session, own: Any, *, since: Any = None) -> Sequence[Any]:
    """By model and command, how many waiting jobs are served before a waiting one, and what they cost together.

    With `since`, a job that is served before it: from that one on.
    """
    if since is None:
        return session.execute(_BEFORE, _place_values("before", own)).all()
    return session.execute(_BETWEEN, {**_place_values("before", own), **_place_values("since", since)}).all()


def _place_values(name: str, row: Any) -> dict[str, Any]:
    """Where a job stands in the queue, as the parameters of `_place_parameters`."""
    return {f"{name}_priority": row.priority, f"{name}_created_at": row.created_at, f"{name}_id": row.id}


def _of_waiting(row: Any, pace: QueuePace, ahead: int, work_seconds: float) -> Outlook:
    """`work_seconds` are those of painting before the job, of one job at a time."""
    own = pace.of(row.model, row.command, row.cost)
    eta = None if own is None else own + work_seconds / pace.at_once
    return Outlook(waits=True, ahead=ahead, eta_seconds=eta)


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
