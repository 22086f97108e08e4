"""Which job a worker paints next: communities take turns, and each has its own queue.

A message in Redis says that a job waits; which one is painted is decided when a worker takes it. The community goes
next that has had the least, counted in pictures; in it, the first job of its queue. A community that comes back starts
level with the others. That is start-time fair queueing (Goyal, Vin and Cheng, 1996), with equal weights: thousands of
jobs of one community delay another one's by as many turns as there are communities.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from studio.db.queue.waiting_communities import (
    IS_WAITING,
    find_waiting_communities,
    in_queue_of,
)
from studio.db.settings import community_rules
from studio.db.sql_dialects import insert_into, lock_names
from studio.db.tables import CommunityTurnRow, JobRow
from studio.domain.jobs import JobState
from studio.domain.people import DIRECT_MESSAGES, Platform

_LOCK = "community turns"
_MESSAGE = select(JobRow.state, JobRow.model, JobRow.lease_until).where(JobRow.id == bindparam("message"))
_Home = tuple[Platform, str]


def choose_job(
    session: Session,
    message: str,
    *,
    at: datetime,
    own_queues: Collection[str] = (),
    held: Collection[str] = (),
) -> str | None:
    """The job to paint for the message of a job, from the same queue; None where nothing waits in it.

    A job whose worker died is its own choice. Those of paused communities rest. `own_queues` are the models with
    queues of their own; `held` are the jobs that the worker has in hand, which may wait again if it lost their leases.
    No other transaction chooses the same job before the commit.
    """
    job = session.execute(_MESSAGE, {"message": message}).first()
    if job is None:
        return None
    if job.state == JobState.PAINTING and job.lease_until is not None and job.lease_until < at:
        return message
    homes = find_waiting_communities(session, model=job.model, own_queues=own_queues)
    queue = _Queue(job.model if job.model in own_queues else None, frozenset(own_queues))
    if len(homes) < 2:
        found = _find_first(session, homes, queue, held)
        return found[1][0] if found else None
    lock_names(session, _LOCK)
    turns = {(row.platform, row.community): row for row in session.scalars(select(CommunityTurnRow))}
    level = max((row.began for row in turns.values()), default=0)
    had = {home: turns[home].had if home in turns else 0 for home in homes}
    # Among equals the one that had nothing for the longest time.
    homes.sort(key=lambda home: (max(had[home], level), had[home]))
    found = _find_first(session, homes, queue, held)
    if found is None:
        return None
    home, (job_id, cost) = found
    _record(session, home, began=max(had[home], level), pictures=max(1, cost))
    return job_id


@dataclass(frozen=True, slots=True)
class _Queue:
    """Of one model that has a queue of its own, or the one that all others share."""

    model: str | None
    own_queues: frozenset[str]


@lru_cache(maxsize=64)
def _first_of(queue: _Queue, *, direct: bool, skip_locked: bool) -> Select[str, int]:
    """Put together once. Its parameters are the platform, the community unless it is `direct`, and what is `held`."""
    return (
        select(JobRow.id, JobRow.cost)
        .where(
            IS_WAITING,
            *in_queue_of(queue.model, queue.own_queues),
            JobRow.id.not_in(bindparam("held", expanding=True)),
            JobRow.platform == bindparam("platform"),
            JobRow.community.startswith(DIRECT_MESSAGES)
            if direct
            else JobRow.community == bindparam("community"),
        )
        .order_by(JobRow.priority, JobRow.created_at, JobRow.id)
        .limit(1)
        .with_for_update(key_share=True, skip_locked=skip_locked)
    )


def _find_first(
    session: Session, homes: Sequence[_Home], queue: _Queue, held: Collection[str]
) -> tuple[_Home, Row[str, int]] | None:
    """Of the first community that is not paused, the first job that no other worker takes at this moment.

    Where all that wait are in other hands it waits for them: one may only just be noted as queued.
    """
    homes = [home for home in homes if not community_rules(session, *home).paused]
    for skip_locked in (True, False):
        for platform, community in homes:
            direct = community == DIRECT_MESSAGES
            values = {"platform": platform, "held": sorted(held)}
            parameters = values if direct else {**values, "community": community}
            query = _first_of(queue, direct=direct, skip_locked=skip_locked)
            if found := session.execute(query, parameters).first():
                return (platform, community), found
    return None


def _record(session: Session, home: _Home, *, began: int, pictures: int) -> None:
    values = {"began": began, "had": began + pictures}
    row = insert_into(session, CommunityTurnRow).values(platform=home[0], community=home[1], **values)
    session.execute(row.on_conflict_do_update(index_elements=["platform", "community"], set_=values))
