"""Jobs that wait while no worker takes any, and are then painted without front ends."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select

from chatelier.benchmarks.database_size.open_ports import OpenGate, open_ports
from chatelier.benchmarks.load.database_time import DatabaseMeter
from chatelier.benchmarks.load.figures import Drain, share_by_job
from chatelier.benchmarks.load.processes import Processes
from chatelier.benchmarks.loopback.platform import prompt_of
from engine.queue.celery_queue import CeleryQueue
from engine.queue.redis_events import RedisEvents
from moderation.policy.policy import default_policy
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.database import Database
from studio.db.tables import JobRow
from studio.domain.jobs import OUTSTANDING
from studio.domain.people import Address, Person, Platform, Role

_LOOK_EVERY_SECONDS = 0.2
_LONGEST_SECONDS = 300.0
_COMMUNITY = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting:
    """What paints them."""

    database: Database
    processes: Processes
    meter: DatabaseMeter


def submit(database: Database, redis_url: str, jobs: int) -> float:
    """Processor time of this thread, in seconds, for jobs that everybody may ask for.

    They count as judged, as those that a front end accepted: a worker judges words again when the policy changed.
    """
    judged = OpenGate(default_policy().outside_age_restricted().version)
    with closing(CeleryQueue(redis_url)) as queue, closing(RedisEvents(redis_url)) as events:
        ports = replace(open_ports(database), gate=judged, queue=queue, events=events)
        began = time.thread_time()
        for number in range(jobs):
            person = Person(
                platform=Platform.WEB,
                community=_COMMUNITY,
                user_id=f"person-{number}",
                display_name=f"Person {number}",
                roles=frozenset({Role.MEMBER}),
            )
            address = Address(platform=Platform.WEB, community=_COMMUNITY, channel="main")
            call = Call(person=person, address=address, request_key=f"waiting:{number}")
            execute(ports, call, "imagine", {"prompt": prompt_of(number), "count": 1})
        return time.thread_time() - began


async def paint_waiting_jobs(painting: Painting, jobs: int, *, interrupted: Callable[[], bool]) -> Drain:
    """The workers are stopped until all jobs are there. Front ends must have ended before."""
    database, processes = painting.database, painting.processes
    processes.signal_workers(signal.SIGSTOP)
    try:
        submit_seconds = await asyncio.to_thread(submit, database, processes.redis.url, jobs)
        await asyncio.sleep(1)  # until the last statements are counted
        painting.meter.start()
        before, began_at = painting.meter.processor_seconds(), now()
    finally:
        processes.signal_workers(signal.SIGCONT)
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not interrupted() and time.monotonic() < deadline and _outstanding(database):
        processes.require_running()
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    after = painting.meter.processor_seconds()
    await asyncio.sleep(1)
    ended, rate = _ended_since(database, began_at)
    return Drain(
        jobs=ended,
        jobs_per_second=None if _outstanding(database) else rate,
        submit_ms=submit_seconds * 1000 / jobs,
        processor_ms=share_by_job(before, after, ended),
        database=painting.meter.for_each(ended),
    )


def _outstanding(database: Database) -> int:
    """Of those that waited."""
    query = (
        select(func.count())
        .select_from(JobRow)
        .where(JobRow.community == _COMMUNITY, JobRow.state.in_(sorted(OUTSTANDING)))
    )
    with database.read() as session:
        return session.scalars(query).one()


def _ended_since(database: Database, began_at: datetime) -> tuple[int, float | None]:
    """How many jobs, what was left of before among them, and how many a second until the last one."""
    columns = func.count(), func.max(JobRow.ended_at)
    with database.read() as session:
        jobs, last_at = session.execute(select(*columns).where(JobRow.ended_at >= began_at)).one()
    seconds = (last_at - began_at).total_seconds() if last_at else 0.0
    return jobs, jobs / seconds if seconds > 0 else None
