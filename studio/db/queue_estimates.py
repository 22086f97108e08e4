"""A job's place in the queue, and when it will be done, learned from the jobs that were painted lately.

Communities take turns (`studio.db.queue.community_turns`): before a job come those before it in its own community, and
of each other community as many, if so many wait there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Select, bindparam, select, tuple_
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.queue.queue_lengths import COST, JOBS, Home, QueueLength, current_lengths, seconds_left
from studio.db.queue.queue_pace import QueuePace, current_pace
from studio.db.queue.waiting_communities import IS_WAITING, is_home, queue_home
from studio.db.tables import JobRow
from studio.domain.jobs import OUTSTANDING, Job, JobState
from studio.domain.people import Platform

_MOST_SUMMED = 100  # wanted one by one
_READ_FOR_EACH = 50  # jobs of the queue, rather than that the database sums up what is before one
_COLUMNS = (JobRow.id, JobRow.state, JobRow.model, JobRow.command, JobRow.cost, JobRow.started_at)
# Built once: the answer to each request for pictures asks them.
_PLACE = (JobRow.priority, JobRow.created_at, JobRow.platform, JobRow.community)
_OWN = select(*_COLUMNS, *_PLACE).where(
    JobRow.id == bindparam("job_id"), JobRow.state.in_(sorted(OUTSTANDING))
)


def _place_parameters(name: str) -> Any:
    """Where a job stands in the queue, as parameters."""
    columns = JobRow.priority, JobRow.created_at, JobRow.id
    return tuple_(*(bindparam(f"{name}_{column.key}", type_=column.type) for column in columns))


_in_order = tuple_(JobRow.priority, JobRow.created_at, JobRow.id)
_BEFORE: Select[str | None, str, int, int] = (
    select(JobRow.model, JobRow.command, JOBS, COST)
    .where(IS_WAITING, _in_order < _place_parameters("before"))
    .group_by(JobRow.model, JobRow.command)
)
_BETWEEN = _BEFORE.where(_in_order >= _place_parameters("since"))
_UNTIL = (
    select(*_COLUMNS)
    .where(IS_WAITING, _in_order <= _place_parameters("last"))
    .order_by(JobRow.priority, JobRow.created_at, JobRow.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """`ahead` counts the outstanding jobs served before a job that `waits`.

    `eta_seconds` is how long until the job is done; None when nothing like it was painted lately.
    """

    waits: bool = False
    ahead: int = 0
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outstanding:
    """What is needed of a job, named as the columns are."""

    id: str
    state: JobState
    model: str | None
    command: str
    cost: int
    started_at: datetime | None
    priority: int
    created_at: datetime
    platform: Platform
    community: str

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(
            id=job.id,
            state=job.state,
            model=job.request.model,
            command=job.command,
            cost=job.cost,
            started_at=job.started_at,
            priority=job.priority,
            created_at=job.created_at,
            platform=job.person.platform,
            community=job.person.community,
        )


def outlook(session: Session, job_id: str) -> Outlook:
    """Of one job; nobody is ahead of a job that is over or held, and it has no time left to tell."""
    return outlooks(session, [job_id]).get(job_id, Outlook())


def outlooks(session: Session, job_ids: Collection[str]) -> dict[str, Outlook]:
    """Of those of the jobs that are outstanding.

    The database sums up the jobs between each and the next: with 5,000 waiting, reading each of them would take ten
    times as long.
    """
    return _look_ahead(session, _find_outstanding(session, job_ids))


def outlooks_of(session: Session, jobs: Collection[Job]) -> dict[str, Outlook]:
    """`outlooks` of jobs that were read just now."""
    rows = (_Outstanding.of(job) for job in jobs if job.state in OUTSTANDING)
    return _look_ahead(session, sorted(rows, key=lambda row: (row.priority, row.created_at, row.id)))


def _look_ahead(session: Session, rows: Sequence[Any]) -> dict[str, Outlook]:
    """The rows of each community in the order of its queue."""
    if not rows:
        return {}
    pace, at = current_pace(session), now()
    found = {
        row.id: Outlook(eta_seconds=seconds_left(row, pace, at))
        for row in rows
        if row.state == JobState.PAINTING
    }
    waiting: dict[Home, list[Any]] = defaultdict(list)
    for row in rows:
        if row.id not in found:
            waiting[queue_home(Platform(row.platform), row.community)].append(row)
    if not waiting:
        return found
    lengths = current_lengths(session, pace, at=at)
    for home, of_home in waiting.items():
        others = [queue for other, queue in lengths.waiting.items() if other != home]
        for row, own in _before(session, of_home, pace, home, lengths.waiting.get(home)):
            ahead = [lengths.running, own, *(queue.first(own.jobs) for queue in others)]
            found[row.id] = _of_waiting(row, pace, ahead)
    return found


def _find_outstanding(session: Session, job_ids: Collection[str]) -> Sequence[Any]:
    """Of each community in the order of its queue."""
    if len(job_ids) == 1:
        (job_id,) = job_ids
        return session.execute(_OWN, {"job_id": job_id}).all()
    own = JobRow.id.in_(job_ids) & JobRow.state.in_(sorted(OUTSTANDING))
    query = select(*_COLUMNS, *_PLACE).where(own)
    return session.execute(query.order_by(JobRow.priority, JobRow.created_at, JobRow.id)).all()


def _sum_up(
    session: Session, wanted: Sequence[Any], pace: QueuePace, home: Home
) -> Iterator[tuple[Any, QueueLength]]:
    """Each of a community's jobs with what comes before it there."""
    jobs, work_seconds = 0, 0.0
    before = None
    for row in wanted:
        for group in _count_before(session, home, row, since=before):
            jobs += group.jobs
            work_seconds += pace.of(group.model, group.command, group.cost) or 0.0
        yield row, QueueLength(jobs=jobs, work_seconds=work_seconds)
        before = row


def _before(
    session: Session, wanted: Sequence[Any], pace: QueuePace, home: Home, queue: QueueLength | None
) -> Iterator[tuple[Any, QueueLength]]:
    """Each of a community's jobs with what comes before it in its `queue`, if its length is known."""
    if len(wanted) > _MOST_SUMMED:
        return _walk(_read_until(session, home, wanted[-1]), wanted, pace)
    most = _READ_FOR_EACH * len(wanted)
    if len(wanted) > 1 and (queue is None or queue.jobs <= most):
        rows = _read_until(session, home, wanted[-1], most=most + 1)
        if len(rows) <= most:
            return _walk(rows, wanted, pace)
    return _sum_up(session, wanted, pace, home)


def _read_until(session: Session, home: Home, last: Any, *, most: int | None = None) -> Sequence[Any]:
    """Those of a community that wait, in their order, up to `last`."""
    return session.execute(_UNTIL.where(is_home(home)).limit(most), _place_values("last", last)).all()


def _walk(rows: Sequence[Any], wanted: Sequence[Any], pace: QueuePace) -> Iterator[tuple[Any, QueueLength]]:
    """The same as `_sum_up` over rows that were read."""
    by_id = {row.id: row for row in wanted}
    work_seconds = 0.0
    for position, row in enumerate(rows):
        if row.id in by_id:
            yield by_id[row.id], QueueLength(jobs=position, work_seconds=work_seconds)
        work_seconds += pace.of(row.model, row.command, row.cost) or 0.0


def _count_before(session: Session, home: Home, own: Any, *, since: Any = None) -> Sequence[Any]:
    """By model and command, how many jobs of its community come before a waiting one, and what they cost together.

    With `since`, a job that comes before it: from that one on.
    """
    values = _place_values("before", own)
    if since is None:
        return session.execute(_BEFORE.where(is_home(home)), values).all()
    return session.execute(_BETWEEN.where(is_home(home)), values | _place_values("since", since)).all()


def _place_values(name: str, row: Any) -> dict[str, Any]:
    """Where a job stands in the queue, as the parameters of `_place_parameters`."""
    return {f"{name}_priority": row.priority, f"{name}_created_at": row.created_at, f"{name}_id": row.id}


def _of_waiting(row: Any, pace: QueuePace, ahead: Sequence[QueueLength]) -> Outlook:
    own = pace.of(row.model, row.command, row.cost)
    work_seconds = sum(queue.work_seconds for queue in ahead)
    eta = None if own is None else own + work_seconds / pace.at_once
    return Outlook(waits=True, ahead=sum(queue.jobs for queue in ahead), eta_seconds=eta)
