"""What waits, what is painted and how long people waited, by community and by worker: counts, no names or words."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.db.cases import find_urgent
from studio.db.tables import JobRow
from studio.domain.cases import INTIMATE_WITHIN
from studio.domain.jobs import OUTSTANDING, WAITING, JobState
from studio.domain.people import Platform
from studio.ports import AnnouncedWorker

HOUR = timedelta(hours=1)
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityLoad:
    """`ended` counts the jobs that ended in the last hour, by state.

    `wait_p95_seconds` is of those that were done, from the request to the first stroke.
    """

    platform: Platform
    community: str
    waiting: int = 0
    painting: int = 0
    ended: Mapping[JobState, int] = field(default_factory=dict)
    wait_p95_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLoad:
    """The jobs that wait for a model, an empty `name` being the default one, and how long the first of them has."""

    name: str
    waiting: int
    oldest_wait_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLoad:
    """`devices` are empty for a worker that did not announce itself in the last minutes.

    `ended` and `wait_p95_seconds` as in `CommunityLoad`, of the jobs that this worker painted.
    """

    name: str
    painting: int
    ended: Mapping[JobState, int] = field(default_factory=dict)
    wait_p95_seconds: float | None = None
    devices: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    at: datetime
    communities: tuple[CommunityLoad, ...]
    workers: tuple[WorkerLoad, ...]
    models: tuple[ModelLoad, ...] = ()
    urgent_reports: int = 0  # that wait for a moderator, and how many of them for more than 48 hours
    overdue_reports: int = 0

    @property
    def waiting(self) -> int:
        return sum(load.waiting for load in self.communities)

    @property
    def painting(self) -> int:
        return sum(load.painting for load in self.communities)

    @property
    def devices(self) -> int:
        return sum(len(worker.devices) for worker in self.workers)


class _Ended(Generic[_Key]):
    """States and waits of jobs that ended, by community or by worker."""

    def __init__(self) -> None:
        self.states = defaultdict[_Key, Counter[JobState]](Counter)
        self.waits = defaultdict[_Key, list[float]](list)

    def add(self, key: _Key, state: JobState, wait_seconds: float | None) -> None:
        self.states[key][state] += 1
        if wait_seconds is not None:
            self.waits[key].append(wait_seconds)


def load_overview(session: Session, announced: Sequence[AnnouncedWorker], *, at: datetime) -> Overview:
    """Of all communities with anything going on, the fullest first."""
    outstanding = defaultdict[tuple[str, str], Counter[str]](Counter)
    columns = (JobRow.platform, JobRow.community, JobRow.state)
    query = select(*columns, func.count()).where(JobRow.state.in_(sorted(OUTSTANDING))).group_by(*columns)
    for platform, community, state, jobs in session.execute(query):
        outstanding[platform, community][state] += jobs
    ended, by_worker = _Ended[tuple[str, str]](), _Ended[str]()
    recent = select(*columns, JobRow.worker, JobRow.created_at, JobRow.started_at)
    for row in session.execute(recent.where(JobRow.ended_at >= at - HOUR)):
        state, wait = JobState(row.state), None
        if state is JobState.DONE and row.started_at is not None:
            wait = (row.started_at - row.created_at).total_seconds()
        ended.add((row.platform, row.community), state, wait)
        if row.worker:
            by_worker.add(row.worker, state, wait)
    loads = [
        CommunityLoad(
            platform=Platform(home[0]),
            community=home[1],
            waiting=outstanding[home].total() - outstanding[home][JobState.PAINTING],
            painting=outstanding[home][JobState.PAINTING],
            ended=dict(ended.states[home]),
            wait_p95_seconds=_percentile_95(ended.waits[home]),
        )
        for home in sorted(outstanding.keys() | ended.states.keys())
    ]
    loads.sort(key=lambda load: (-load.waiting, -load.painting))
    return Overview(
        at=at,
        communities=tuple(loads),
        workers=_workers(session, announced, by_worker),
        models=tuple(_models(session, at)),
        urgent_reports=len(find_urgent(session, before=at)),
        overdue_reports=len(find_urgent(session, before=at - INTIMATE_WITHIN)),
    )


def _models(session: Session, at: datetime) -> Iterator[ModelLoad]:
    """Of the models for which a job waits; jobs of paused communities wait for them too."""
    query = select(JobRow.model, func.count(), func.min(JobRow.created_at)).where(
        JobRow.state.in_(sorted(WAITING))
    )
    for model, jobs, oldest in session.execute(query.group_by(JobRow.model).order_by(JobRow.model)):
        waited = (at - oldest).total_seconds()
        yield ModelLoad(name=model or "", waiting=jobs, oldest_wait_seconds=max(0.0, waited))


def _workers(
    session: Session, announced: Sequence[AnnouncedWorker], ended: "_Ended[str]"
) -> tuple[WorkerLoad, ...]:
    query = select(JobRow.lease_owner, func.count()).where(JobRow.state == JobState.PAINTING)
    painting = {name: jobs for name, jobs in session.execute(query.group_by(JobRow.lease_owner)) if name}
    known = {worker.name: worker for worker in announced}
    return tuple(
        WorkerLoad(
            name=name,
            painting=painting.get(name, 0),
            ended=dict(ended.states[name]),
            wait_p95_seconds=_percentile_95(ended.waits[name]),
            devices=known[name].devices if name in known else (),
            models=known[name].models if name in known else (),
        )
        for name in sorted(painting.keys() | known.keys() | ended.states.keys())
    )


def _percentile_95(waits: Sequence[float]) -> float | None:
    return sorted(waits)[min(len(waits) - 1, int(0.95 * len(waits)))] if waits else None
