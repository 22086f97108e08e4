"""The state machine: each move is one guarded UPDATE, so that two workers cannot both own a job."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Float,
    String,
    Table,
    Update,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from studio.db.queue.waiting_communities import IS_WAITING, is_home
from studio.db.sql_dialects import is_postgresql
from studio.db.tables import DeliveryRow, JobRow, PictureRow
from studio.db.tables.columns import UtcDateTime
from studio.domain.deliveries import DeliveryKind
from studio.domain.jobs import OUTSTANDING, WAITING, EndedJob, JobState, sources_of
from studio.domain.people import Platform

_JOBS = cast("Table", JobRow.__table__)  # thousands of ids are read sooner without the mapper


_THIS, _OWNER = bindparam("this", type_=String), bindparam("owner", type_=String)
_MOMENT, _UNTIL = bindparam("moment", type_=UtcDateTime), bindparam("lease_ends", type_=UtcDateTime)


def _prepare(guard: ColumnElement[bool], **values: object) -> Update:
    """Put together once: that takes several times as long as to carry it out."""
    return update(_JOBS).where(_JOBS.c.id == _THIS, guard).values(values)


def _move(session: Session, statement: Update, job_id: str, **parameters: object) -> bool:
    """Whether a prepared statement changed the job."""
    session.flush()
    result = session.execute(statement, {"this": job_id, **parameters})
    return cast("CursorResult[Any]", result).rowcount == 1


def _update_job(session: Session, job_id: str, guard: Any, values: dict[str, Any]) -> bool:
    statement = update(JobRow).where(JobRow.id == job_id, guard).values(**values)
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount == 1


def _in(states: Iterable[JobState]) -> Any:
    return JobRow.state.in_(sorted(states))


def lock_jobs(session: Session, jobs: ColumnElement[bool], **values: object) -> None:
    """Keep these jobs until the commit, in the order of their ids; `linked_identities.lock_identities` says why.

    `values` are those of the parameters that the condition has.
    """
    if is_postgresql(session):  # SQLite writers go one by one anyway
        query = select(JobRow.id).where(jobs).order_by(JobRow.id)
        session.execute(query.with_for_update(key_share=True), values)


_WAITS = _JOBS.c.state.in_(sorted(WAITING))
_IS_PAINTED = _JOBS.c.state == JobState.PAINTING
_IS_OWN = and_(_IS_PAINTED, _JOBS.c.lease_owner == _OWNER)
MARK_QUEUED = _prepare(_JOBS.c.state == JobState.ACCEPTED, state=JobState.QUEUED, queued_at=_MOMENT)
_TAKE_LEASE = _prepare(
    or_(_WAITS, and_(_IS_PAINTED, _JOBS.c.lease_until < _MOMENT)),
    state=JobState.PAINTING,
    lease_owner=_OWNER,
    worker=_OWNER,
    lease_until=_UNTIL,
    attempts=_JOBS.c.attempts + 1,
    started_at=_MOMENT,
)
_RENEW_LEASE = _prepare(_IS_OWN, lease_until=_UNTIL)
_HOLD_LEASE = _prepare(_IS_OWN, lease_owner=_OWNER)
_END = _prepare(
    _IS_OWN,
    state=bindparam("end_state"),
    ended_at=_MOMENT,
    lease_owner=None,
    lease_until=None,
    error_code=bindparam("code"),
    error_text=bindparam("text"),
    painting_seconds=func.coalesce(bindparam("seconds", type_=Float), _JOBS.c.painting_seconds),
).returning(_JOBS.c.id, _JOBS.c.person_key, _JOBS.c.request, _JOBS.c.cost, _JOBS.c.enough_requested)


def mark_queued(session: Session, job_id: str, *, at: datetime) -> bool:
    """Accepted → queued. False when a worker was quicker."""
    return _move(session, MARK_QUEUED, job_id, moment=at)


def take_lease(session: Session, job_id: str, *, worker: str, at: datetime, lease_seconds: float) -> bool:
    """Waiting → painting, or painting again once the former lease ran out. False: another worker has it."""
    until = at + timedelta(seconds=lease_seconds)
    return _move(session, _TAKE_LEASE, job_id, moment=at, owner=worker, lease_ends=until)


def renew_lease(session: Session, job_id: str, *, worker: str, at: datetime, lease_seconds: float) -> bool:
    """False: the lease is lost, and the worker must drop the job."""
    until = at + timedelta(seconds=lease_seconds)
    return _move(session, _RENEW_LEASE, job_id, owner=worker, lease_ends=until)


def requeue(session: Session, job_id: str, *, at: datetime) -> bool:
    """Waiting or abandoned → queued, for a job that was sent again."""
    abandoned = and_(JobRow.state == JobState.PAINTING, JobRow.lease_until < at)
    values = {"state": JobState.QUEUED, "queued_at": at, "lease_owner": None, "lease_until": None}
    return _update_job(session, job_id, or_(_in(WAITING), abandoned), values)


def confirm_queued(session: Session, job_ids: Collection[str], *, at: datetime) -> None:
    """Accepted → queued, for jobs whose messages lie in the queue."""
    session.execute(
        update(JobRow)
        .where(JobRow.id.in_(job_ids), JobRow.state == JobState.ACCEPTED)
        .values(state=JobState.QUEUED, queued_at=at)
        .execution_options(synchronize_session=False)
    )


def give_back(session: Session, job_id: str, *, worker: str) -> bool:
    """Painting → queued, by a worker that shuts down. The attempt does not count."""
    guard = and_(JobRow.state == JobState.PAINTING, JobRow.lease_owner == worker)
    values = {
        "state": JobState.QUEUED,
        "lease_owner": None,
        "lease_until": None,
        "attempts": JobRow.attempts - 1,
    }
    return _update_job(session, job_id, guard, values)


@dataclass(frozen=True, slots=True)
class JobEnding:
    """Why a job ended without pictures, and how long it was painted. `text` is stored text of `studio.coded_text`.

    Without `painting_seconds`, what is recorded of them stays.
    """

    code: str | None = None
    text: str | None = None
    painting_seconds: float | None = None


_PLAIN = JobEnding()


def end(
    session: Session,
    job_id: str,
    state: JobState,
    *,
    at: datetime,
    worker: str | None = None,
    ending: JobEnding = _PLAIN,
) -> bool:
    """Move to one of the ending states. With `worker`, only while that worker holds the lease.

    Without `worker`, a job that is being painted is left alone: its worker ends it. If its lease ran out nobody
    does, and it can be cancelled.
    """
    if worker is not None:
        return end_own(session, job_id, state, at=at, worker=worker, ending=ending) is not None
    guard = _in(sources_of(state) - {JobState.PAINTING})
    if state is JobState.CANCELLED:
        guard |= and_(JobRow.state == JobState.PAINTING, JobRow.lease_until < at)
    values = {
        "state": state,
        "ended_at": at,
        "lease_owner": None,
        "lease_until": None,
        "error_code": ending.code,
        "error_text": ending.text,
    }
    if ending.painting_seconds is not None:
        values["painting_seconds"] = ending.painting_seconds
    return _update_job(session, job_id, guard, values)


def end_own(
    session: Session, job_id: str, state: JobState, *, at: datetime, worker: str, ending: JobEnding = _PLAIN
) -> EndedJob | None:
    """`end` for a worker. None: it no longer holds the lease."""
    session.flush()
    parameters = {
        "this": job_id,
        "owner": worker,
        "moment": at,
        "end_state": state,
        "code": ending.code,
        "text": ending.text,
        "seconds": ending.painting_seconds,
    }
    found = session.execute(_END, parameters).first()
    return EndedJob(**found._mapping) if found else None


def release(session: Session, job_id: str, *, at: datetime, cleared: bool) -> bool:
    """Held or refused → queued, by the moderator who decided its case. `cleared`: it is not judged again."""
    values = {
        "state": JobState.QUEUED,
        "queued_at": at,
        "ended_at": None,
        "error_code": None,
        "error_text": None,
        "refused_rule": "",
        "refused_category": "",
        "cleared": cleared,
    }
    return _update_job(session, job_id, _in([JobState.HELD, JobState.REFUSED]), values)


def reopen_delivery(session: Session, job_id: str) -> None:
    """The job's message showed an end that no longer holds."""
    of_job = (DeliveryRow.kind == DeliveryKind.JOB) & (DeliveryRow.subject == job_id)
    session.execute(update(DeliveryRow).where(of_job).values(final=False))


def request_cancel(session: Session, job_id: str) -> bool:
    """Note on a job being painted that its person wants it stopped."""
    return _update_job(session, job_id, JobRow.state == JobState.PAINTING, {"cancel_requested": True})


def request_enough(session: Session, job_id: str) -> bool:
    """Note on a job that showed a picture, deleted or not, that its person wants no more. False: none, or it ended."""
    finished = exists().where(PictureRow.job_id == job_id)
    guard = _in(OUTSTANDING) & finished & JobRow.cancel_requested.is_(False)
    return _update_job(session, job_id, guard, {"enough_requested": True})


def holds_lease(session: Session, job_id: str, *, worker: str) -> bool:
    """Whether the job is this worker's, and stays so until the commit."""
    return _move(session, _HOLD_LEASE, job_id, owner=worker)


def find_stalled(
    session: Session,
    *,
    at: datetime,
    unsent_before: datetime,
    stale_before: datetime | None,
    resting: Collection[tuple[str, str]] = (),
) -> dict[str, str]:
    """Jobs nobody works on: lease ran out, never queued, or queued so long that the message may be lost.

    Their states by id; of thousands that wait nothing else is read, and without `stale_before` not even that. Those of
    the communities that are `resting`, as in `find_paused_communities`, wait until they are sent on.
    """
    awake = [not_(is_home((Platform(platform), community))) for platform, community in resting]
    conditions = [
        and_(JobRow.state == JobState.PAINTING, JobRow.lease_until < at),
        and_(JobRow.state == JobState.ACCEPTED, JobRow.created_at < unsent_before),
    ]
    if stale_before is not None:
        # Every platform is named, so that SQLite reads the index of the queues alone, and not the rows.
        of_queues = and_(IS_WAITING, JobRow.platform.in_(sorted(Platform)))
        conditions.append(and_(of_queues, JobRow.state != JobState.ACCEPTED, JobRow.queued_at < stale_before))
    states = (JobState.PAINTING, JobState.ACCEPTED, JobState.QUEUED)
    return {
        job_id: state
        for state, stranded in zip(states, conditions, strict=False)
        for job_id in session.scalars(select(_JOBS.c.id).where(stranded, *awake)).all()
    }
