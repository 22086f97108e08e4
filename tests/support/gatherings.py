"""Gatherings on fakes: acts of several people, jobs that end, and a clock of the database that can be moved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands.gathering_results import GatheringOpened
from studio.commands.gatherings.painting import submit_wanted
from studio.commands.registry import execute
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.db import credit_ledger, sql_dialects
from studio.db.gatherings import gathering_rows, part_rows
from studio.db.tables import GatheringPartRow, JobRow, OutboxRow
from studio.domain.events import GatheringRemark
from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.jobs import JobState
from studio.domain.people import Address, Person
from studio.gatherings import periodic_tasks
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import end_job, paint_job

_requests = count(1)
_database_now = sql_dialects.database_now
_WANTED = select(GatheringPartRow.gathering).where(GatheringPartRow.state == PartState.WANTED).distinct()
_JOBS = select(JobRow.id).where(JobRow.gathering == bindparam("gathering_id")).order_by(JobRow.created_at)
_JOBS_IN = _JOBS.where(JobRow.state.in_(bindparam("states", expanding=True)))


@dataclass
class Clock:
    """The clock of the database, ahead of the real one by as much as a test says."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self, session: Session) -> datetime:
        return _database_now(session) + self.ahead

    def pass_by(self, **length: float) -> None:
        self.ahead += timedelta(**length)


def moved_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sql_dialects, "database_now", clock.now)
    return clock


@dataclass(frozen=True)
class Table:
    """People around one gathering, in one place."""

    ports: Ports
    clock: Clock
    address: Address = field(default_factory=somewhere)

    def ask(self, name: str, command: str, *, moderator: bool = False, **values: object) -> Answer:
        key = f"table:{next(_requests)}"
        person = self.person(name, moderator=moderator)
        call = Call(person=person, address=self.address, request_key=key)
        return execute(self.ports, call, command, values)

    def person(self, name: str, *, moderator: bool = False) -> Person:
        return someone(name, moderator=moderator, community=self.address.community)

    def open(self, name: str, command: str, **values: object) -> str:
        opened = self.ask(name, command, **values)
        assert isinstance(opened, GatheringOpened)
        return opened.gathering_id

    def open_elsewhere(self, name: str, command: str, **values: object) -> str:
        """In another channel of the same community."""
        elsewhere = replace(self, address=replace(self.address, channel="elsewhere"))
        return elsewhere.open(name, command, **values)

    def act(self, name: str, verb: str, gathering_id: str, **values: object) -> Answer:
        return self.ask(name, "gather", do=verb, id=gathering_id, **values)

    def finish_job(self, name: str, *, count: int = 4) -> str:
        """A finished job of somebody's."""
        accepted = self.ask(name, "imagine", prompt="a red fox", count=count)
        return paint_job(self.ports, accepted.job_id)

    def gathering(self, gathering_id: str) -> Gathering:
        with self.ports.database.read() as session:
            return gathering_rows.find_gathering(session, gathering_id)

    def parts(self, gathering_id: str) -> list[Part]:
        with self.ports.database.read() as session:
            return part_rows.parts_of(session, gathering_id)

    def sweep(self) -> None:
        """What the sweeper does every few seconds, and the front ends after it."""
        periodic_tasks.sweep(self.ports.database, self.ports.events)
        with self.ports.database.read() as session:
            wanted = sorted(session.scalars(_WANTED))
        for gathering_id in wanted:
            submit_wanted(self.ports, gathering_id)

    def all_open(self) -> list[str]:
        with self.ports.database.read() as session:
            return [found.id for found in gathering_rows.open_in_community(session, self.address)]

    def jobs(self, gathering_id: str, *states: JobState) -> list[str]:
        """The ids of its jobs, the oldest first."""
        values = {"gathering_id": gathering_id, **({"states": states} if states else {})}
        with self.ports.database.read() as session:
            return list(session.scalars(_JOBS_IN if states else _JOBS, values))

    def jobs_of_people(self) -> Mapping[str, JobState]:
        """The states of all jobs by id."""
        with self.ports.database.read() as session:
            return {row.id: JobState(row.state) for row in session.scalars(select(JobRow))}

    def remarks(self, gathering_id: str) -> list[str]:
        """The codes of what was said in its thread or to one person, the oldest first."""
        remarks = select(OutboxRow.payload).where(OutboxRow.kind == GatheringRemark.__name__)
        with self.ports.database.read() as session:
            found = session.scalars(remarks.order_by(OutboxRow.id)).all()
        return [remark["code"] for remark in found if remark["gathering_id"] == gathering_id]

    def request(self, job_id: str) -> Mapping[str, Any]:
        """What the engine is asked to paint."""
        with self.ports.database.read() as session:
            return session.get_one(JobRow, job_id).request

    def finish_jobs(self, gathering_id: str, state: JobState = JobState.DONE) -> None:
        """All that wait end in that state, and their parts follow."""
        for job_id in self.jobs(gathering_id, JobState.ACCEPTED, JobState.QUEUED):
            self.finish(job_id, state)
        periodic_tasks.advance(self.ports.database, self.ports.events, gathering_id)

    def finish(self, job_id: str, state: JobState) -> None:
        """One job ends in that state, as in a worker; nobody follows yet."""
        if state in (JobState.DONE, JobState.HELD):
            paint_job(self.ports, job_id, state=state)
            return
        end_job(self.ports, job_id, state)
        with self.ports.database.begin() as session:
            credit_ledger.release(session, session.get_one(JobRow, job_id), at=now())


def tables(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield Table(ports=ports, clock=moved_clock(monkeypatch))
