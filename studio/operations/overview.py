"""What waits, what is painted and how long people waited, by community and by worker: counts, no names or words."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.db.tables import JobRow
from studio.domain.jobs import OUTSTANDING, WAITING, JobState
from studio.domain.people import Platform
from studio.ports import AnnouncedWorker

HOUR = timedelta(hours=1)


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
    """`devices` are empty for a worker that did not announce itself in the last minutes."""

    name: str
    painting: int
    devices: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    at: datetime
    communities: tuple[CommunityLoad, ...]
    workers: tuple[WorkerLoad, ...]
    models: tuple[ModelLoad, ...] = ()

    @property
    def waiting(self) -> int:
        return sum(load.waiting for load in self.communities)

    @property
    def painting(self) -> int:
        return sum(load.painting for load in self.communities)

    @property
    def devices(self) -> int:
        return sum(len(worker.devices) for worker in self.workers)


def load_overview(session: Session, announced: Sequence[AnnouncedWorker], *, at: datetime) -> Overview:
    """Of all communities with anything going on, the fullest first."""
    outstanding = defaultdict[tuple[str, str], Counter[str]](Counter)
    columns = (JobRow.platform, JobRow.community, JobRow.state)
    query = select(*columns, func.count()).where(JobRow.state.in_(sorted(OUTSTANDING))).group_by(*columns)
    for platform, community, state, jobs in session.execute(query):
        outstanding[platform, community][state] += jobs
    ended = defaultdict[tuple[str, str], Counter[JobState]](Counter)
    waits = defaultdict[tuple[str, str], list[float]](list)
    recent = select(*columns, JobRow.created_at, JobRow.started_at).where(JobRow.ended_at >= at - HOUR)
    for row in session.execute(recent):
        home, state = (row.platform, row.community), JobState(row.state)
        ended[home][state] += 1
        if state is JobState.DONE and row.started_at is not None:
            waits[home].append((row.started_at - row.created_at).total_seconds())
    loads = [
        CommunityLoad(
            platform=Platform(home[0]),
            community=home[1],
            waiting=outstanding[home].total() - outstanding[home][JobState.PAINTING],
            painting=outstanding[home][JobState.PAINTING],
            ended=dict(ended[home]),
            wait_p95_seconds=_percentile_95(waits[home]),
        )
        for home in sorted(outstanding.keys() | ended.keys())
    ]
    loads.sort(key=lambda load: (-load.waiting, -load.painting))
    return Overview(
        at=at,
        communities=tuple(loads),
        workers=_workers(session, announced),
        models=tuple(_models(session, at)),
    )


def _models(session: Session, at: datetime) -> Iterator[ModelLoad]:
    """Of the models for which a job waits; jobs of paused communities wait for them too."""
    query = select(JobRow.model, func.count(), func.min(JobRow.created_at)).where(
        JobRow.state.in_(sorted(WAITING))
    )
    for model, jobs, oldest in session.execute(query.group_by(JobRow.model).order_by(JobRow.model)):
        waited = (at - oldest).total_seconds()
        yield ModelLoad(name=model or "", waiting=jobs, oldest_wait_seconds=max(0.0, waited))


def _workers(session: Session, announced: Sequence[AnnouncedWorker]) -> tuple[WorkerLoad, ...]:
    query = select(JobRow.lease_owner, func.count()).where(JobRow.state == JobState.PAINTING)
    painting = {name: jobs for name, jobs in session.execute(query.group_by(JobRow.lease_owner)) if name}
    known = {worker.name: worker for worker in announced}
    return tuple(
        WorkerLoad(
            name=name,
            painting=painting.get(name, 0),
            devices=known[name].devices if name in known else (),
            models=known[name].models if name in known else (),
        )
        for name in sorted(painting.keys() | known.keys())
    )


def _percentile_95(waits: Sequence[float]) -> float | None:
    return sorted(waits)[min(len(waits) - 1, int(0.95 * len(waits)))] if waits else None
