"""How many jobs are painted and wait, by community, with the work that they are."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from studio.db.queue.queue_pace import QueuePace
from studio.db.queue.waiting_communities import IS_WAITING, find_waiting_communities, queue_home
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.domain.people import Platform

_HOLDS_SECONDS = 1.0
_MANY = 100  # jobs that are painted or wait
_PAINTING = select(JobRow.model, JobRow.command, JobRow.cost, JobRow.started_at).where(
    JobRow.state == JobState.PAINTING
)
JOBS = func.count().label("jobs")
COST = func.sum(case((JobRow.cost > 1, JobRow.cost), else_=1)).label("cost")
_BY_COMMUNITY = (
    select(JobRow.platform, JobRow.community, JobRow.model, JobRow.command, JOBS, COST)
    .where(IS_WAITING)
    .group_by(JobRow.platform, JobRow.community, JobRow.model, JobRow.command)
)
Home = tuple[Platform, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLength:
    """`jobs`, and the seconds of painting that they need, one after the other."""

    jobs: int
    work_seconds: float

    def first(self, jobs: int) -> "QueueLength":
        """Its first jobs, by what its jobs need on average."""
        if jobs >= self.jobs:
            return self
        return QueueLength(jobs=jobs, work_seconds=self.work_seconds * jobs / self.jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLengths:
    """`running` is being painted. `waiting` is empty where the jobs of one community wait alone."""

    running: QueueLength
    waiting: Mapping[Home, QueueLength]

    @property
    def jobs(self) -> int:
        return self.running.jobs + sum(queue.jobs for queue in self.waiting.values())


_lock = threading.Lock()
_known: WeakKeyDictionary[Any, tuple[float, QueueLengths]] = WeakKeyDictionary()  # by engine, since when


def current_lengths(session: Session, pace: QueuePace, *, at: datetime) -> QueueLengths:
    """What is in the database, or was at most a second ago where many jobs wait.

    One job more or less hardly changes how long they take, and every message of a job that waits asks for them.
    """
    engine, asked_at = session.get_bind(), time.monotonic()
    with _lock:
        read_at, lengths = _known.get(engine, (0.0, None))
    if lengths is not None and asked_at - read_at < _HOLDS_SECONDS:
        return lengths
    lengths = QueueLengths(running=_load_running(session, pace, at), waiting=_load_waiting(session, pace))
    if lengths.jobs >= _MANY:
        with _lock:
            _known[engine] = asked_at, lengths
    return lengths


def seconds_left(row: Any, pace: QueuePace, at: datetime) -> float | None:
    """What a job that is being painted still needs."""
    wanted = pace.of(row.model, row.command, row.cost)
    if wanted is None:
        return None
    elapsed = (at - row.started_at).total_seconds() if row.started_at else 0.0
    return max(0.0, wanted - elapsed)


def _load_running(session: Session, pace: QueuePace, at: datetime) -> QueueLength:
    rows: Sequence[Any] = session.execute(_PAINTING).all()
    return QueueLength(jobs=len(rows), work_seconds=sum(seconds_left(row, pace, at) or 0.0 for row in rows))


def _load_waiting(session: Session, pace: QueuePace) -> Mapping[Home, QueueLength]:
    found: dict[Home, QueueLength] = {}
    if len(find_waiting_communities(session)) < 2:
        return found
    for row in session.execute(_BY_COMMUNITY):
        home = queue_home(Platform(row.platform), row.community)
        known = found.get(home, QueueLength(jobs=0, work_seconds=0.0))
        seconds = pace.of(row.model, row.command, row.cost) or 0.0
        found[home] = QueueLength(jobs=known.jobs + row.jobs, work_seconds=known.work_seconds + seconds)
    return found
