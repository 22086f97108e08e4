"""How quickly jobs are painted, learned from those that were painted lately."""

import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.db.tables import JobRow

_RECENT_JOBS = 200
_HOLDS_SECONDS = 2.0
_Kind = tuple[str | None, str]  # model, command
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


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePace:
    """Seconds of painting for each picture by model and command, and how many jobs are painted side by side.

    `jobs` is from how many it was learned.
    """

    seconds: Mapping[_Kind, float]
    at_once: float
    jobs: int = 0

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


_lock = threading.Lock()
_learned: WeakKeyDictionary[Any, tuple[float, QueuePace]] = WeakKeyDictionary()  # by engine, since when


def current_pace(session: Session) -> QueuePace:
    """What `learn_pace` says, or said at most two seconds ago where it knew as many jobs as it reads.

    One job more hardly moves the medians of so many, and every message of a job that waits asks for them.
    """
    engine, at = session.get_bind(), time.monotonic()
    with _lock:
        learned_at, pace = _learned.get(engine, (0.0, None))
    if pace is not None and at - learned_at < _HOLDS_SECONDS:
        return pace
    pace = learn_pace(session)
    if pace.jobs >= _RECENT_JOBS:
        with _lock:
            _learned[engine] = at, pace
    return pace


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
    return QueuePace(seconds=seconds, at_once=_at_once(latest), jobs=len(latest))


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
