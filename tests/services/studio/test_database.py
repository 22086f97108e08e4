"""The state machine, the ledger and the outbox, on SQLite and PostgreSQL, under concurrency."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import func, select, text

from engine.maintenance import job_sweeper
from engine.maintenance.job_sweeper import Sweeper
from studio.clock import now
from studio.commands.pictures.share import find_credited
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import credit_ledger, job_transitions, outbox, queries
from studio.db.callers.queued_requests import mark_queued_and_published
from studio.db.database import Database
from studio.db.tables import JobRow, LedgerRow, OutboxRow
from studio.domain.jobs import JobState
from studio.errors import DatabaseUnavailableError, OutOfCreditsError, TooManyJobsError
from studio.ports import InstanceLimits, Ports
from tests.support.fakes import fake_ports, ruled, someone, somewhere
from tests.support.finished_jobs import end_job, paint_job


@pytest.fixture
def ports(database_url: str) -> Iterator[Ports]:
    made = fake_ports(database_url)
    yield made
    made.database.close()


def call(key: str, name: str = "ana") -> Call:
    return Call(person=someone(name), address=somewhere(), request_key=key)


def imagine(ports: Ports, key: str, name: str = "ana") -> str:
    return execute(ports, call(key, name), "imagine", {"prompt": "a red apple"}).job_id


def at_once(count: int, work) -> list:
    """Run `work(index)` in that many threads that start together; the results or errors."""
    gate = threading.Barrier(count)

    def run(index: int):
        gate.wait()
        try:
            return work(index)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def state_of(ports: Ports, job_id: str) -> JobState:
    with ports.database.read() as session:
        return queries.find_job(session, job_id).state


def test_one_of_many_workers_gets_the_lease(ports: Ports):
    job = imagine(ports, "a")

    def take(index: int) -> bool:
        with ports.database.begin() as session:
            return job_transitions.take_lease(session, job, worker=f"w{index}", at=now(), lease_seconds=30)

    assert sorted(at_once(8, take)) == [False] * 7 + [True]
    assert state_of(ports, job) is JobState.PAINTING


def test_a_lease_that_ran_out_goes_to_another_worker_and_the_first_cannot_end_the_job(ports: Ports):
    job = imagine(ports, "a")
    with ports.database.begin() as session:
        assert job_transitions.take_lease(session, job, worker="first", at=now(), lease_seconds=-1)
        assert job_transitions.take_lease(session, job, worker="second", at=now(), lease_seconds=30)
        assert not job_transitions.renew_lease(session, job, worker="first", at=now(), lease_seconds=30)
        assert not job_transitions.end(session, job, JobState.DONE, at=now(), worker="first")
        assert job_transitions.end(session, job, JobState.DONE, at=now(), worker="second")
        assert not job_transitions.end(session, job, JobState.FAILED, at=now(), worker="second")
    with ports.database.read() as session:
        assert session.get_one(JobRow, job).attempts == 2


def test_a_job_whose_worker_died_is_cancelled_at_once(ports: Ports):
    job = imagine(ports, "a")
    with ports.database.begin() as session:
        assert job_transitions.take_lease(session, job, worker="dead", at=now(), lease_seconds=-1)
        assert not job_transitions.end(session, job, JobState.REFUSED, at=now())
    assert execute(ports, call("b"), "cancel", {"job": job}).at_once
    with ports.database.begin() as session:
        assert not job_transitions.end(session, job, JobState.DONE, at=now(), worker="dead")
    assert state_of(ports, job) is JobState.CANCELLED


def test_an_accepted_job_is_queued_and_its_event_sent_once(ports: Ports):
    job = imagine(ports, "a")
    assert state_of(ports, job) is JobState.QUEUED
    with ports.database.read() as session:
        (event,) = session.scalars(select(OutboxRow))
        assert session.get_one(JobRow, job).queued_at is not None
    assert event.published_at is not None
    assert (event.attempts, event.check_at) == (1, None)


def test_an_event_is_marked_also_where_a_worker_took_the_job_first(ports: Ports):
    job = imagine(ports, "a")
    end_job(ports, job, JobState.DONE)
    with ports.database.begin() as session:
        row = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).first()
        row.published_at = None
    mark_queued_and_published(ports.database, job, [row], at=now())
    assert state_of(ports, job) is JobState.DONE
    with ports.database.read() as session:
        assert session.get_one(OutboxRow, row.id).published_at is not None


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_an_ended_job_stays_ended(ports: Ports, state: JobState):
    job = imagine(ports, "a")
    end_job(ports, job, state)
    with ports.database.begin() as session:
        assert not job_transitions.take_lease(session, job, worker="w", at=now(), lease_seconds=30)
        assert not job_transitions.requeue(session, job, at=now())
        assert not job_transitions.mark_queued(session, job, at=now())
        assert not job_transitions.end(session, job, JobState.CANCELLED, at=now())
        assert not job_transitions.request_cancel(session, job)
    assert state_of(ports, job) is state


def test_a_job_given_back_does_not_count_as_an_attempt(ports: Ports):
    job = imagine(ports, "a")
    with ports.database.begin() as session:
        job_transitions.take_lease(session, job, worker="w", at=now(), lease_seconds=30)
        assert job_transitions.give_back(session, job, worker="w")
        assert session.get_one(JobRow, job).attempts == 0
    assert state_of(ports, job) is JobState.QUEUED


def test_the_same_request_from_many_threads_is_one_job_and_one_charge(ports: Ports):
    jobs = at_once(8, lambda _: imagine(ports, "same"))
    assert len(set(jobs)) == 1
    with ports.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerRow)) == 1


def test_credits_never_go_below_zero_under_concurrency(ports: Ports):
    poor = ruled(ports, InstanceLimits(monthly_credits=20, max_outstanding_jobs=100))
    results = at_once(12, lambda index: imagine(poor, f"r{index}"))
    assert sum(isinstance(result, str) for result in results) == 5
    assert sum(isinstance(result, OutOfCreditsError) for result in results) == 7
    with ports.database.read() as session:
        assert credit_ledger.balance(session, someone("ana").key, at=now()) == 0


def test_the_limit_of_jobs_is_exact_under_concurrency(ports: Ports):
    strict = ruled(ports, InstanceLimits(max_outstanding_jobs=3))
    results = at_once(10, lambda index: imagine(strict, f"r{index}"))
    assert sum(isinstance(result, str) for result in results) == 3
    assert sum(isinstance(result, TooManyJobsError) for result in results) == 7


def test_a_reservation_is_settled_once(ports: Ports):
    job = imagine(ports, "a")
    with ports.database.begin() as session:
        row = session.get_one(JobRow, job)
        credit_ledger.capture(session, row, painted=3, at=now())
        credit_ledger.release(session, row, at=now())
        credit_ledger.capture(session, row, painted=0, at=now())
        assert credit_ledger.balance(session, row.person_key, at=now()) == -3


def test_credits_end_with_their_month(ports: Ports):
    job = imagine(ports, "a")
    with ports.database.begin() as session:
        row = session.get_one(JobRow, job)
        later = row.created_at + timedelta(days=31)
        credit_ledger.grant_monthly(session, row.person_key, credits=10, at=row.created_at)
        credit_ledger.release(session, row, at=later)
        assert credit_ledger.balance(session, row.person_key, at=row.created_at) == 10
        assert credit_ledger.balance(session, row.person_key, at=later) == 0


def test_lineage_is_found_over_generations(ports: Ports):
    first = paint_job(ports, imagine(ports, "a"))
    vary = execute(ports, call("b", "bo"), "vary", {"picture": f"{first}.1"}).job_id
    paint_job(ports, vary)
    with ports.database.read() as session:
        assert [ancestor.id for ancestor in queries.ancestors(session, [f"{vary}.2"])] == [f"{first}.1"]
        made, job = queries.find_picture(session, f"{vary}.2"), queries.find_job(session, vary)
    assert [person.user_id for person in find_credited(ports, made, job)] == ["ana"]


def test_events_that_were_not_sent_are_sent_later_and_once(ports: Ports):
    ports.events.away = True
    imagine(ports, "a")
    ports.events.away = False
    soon = now() + timedelta(seconds=1)
    assert outbox.send_unsent(ports.database, ports.events, before=soon) == 1
    assert outbox.send_unsent(ports.database, ports.events, before=soon) == 0
    assert len(ports.events.published) == 1


def test_an_event_that_only_a_newer_version_knows_holds_up_no_other(ports: Ports):
    with ports.database.begin() as session:
        session.add(OutboxRow(kind="SongSung", payload={}, created_at=now()))
    ports.events.away = True
    imagine(ports, "a")
    ports.events.away = False
    soon = now() + timedelta(seconds=1)
    assert outbox.send_unsent(ports.database, ports.events, before=soon) == 1
    assert len(ports.events.published) == 1


def test_an_event_that_cannot_be_read_holds_up_no_other(ports: Ports):
    with ports.database.begin() as session:
        session.add(OutboxRow(kind="JobEnded", payload={"platform": "telepathy"}, created_at=now()))
    ports.events.away = True
    imagine(ports, "a")
    ports.events.away = False
    soon = now() + timedelta(seconds=1)
    outbox.send_unsent(ports.database, ports.events, before=soon)
    assert len(ports.events.published) == 1
    assert outbox.send_unsent(ports.database, ports.events, before=soon) == 0


def test_sent_events_are_forgotten_after_two_days(ports: Ports):
    imagine(ports, "a")
    with ports.database.begin() as session:
        session.scalars(select(OutboxRow)).one().published_at = now() - timedelta(days=3)
    outbox.send_unsent(ports.database, ports.events, before=now())
    with ports.database.read() as session:
        assert session.scalars(select(OutboxRow)).all() == []


class TestSweeping:
    @pytest.fixture
    def sweeper(self, ports: Ports) -> Sweeper:
        return Sweeper(
            database=ports.database,
            queue=ports.queue,
            events=ports.events,
            rules=InstanceLimits(max_attempts=2),
        )

    def age(self, ports: Ports, job: str, **columns) -> None:
        with ports.database.begin() as session:
            row = session.get_one(JobRow, job)
            for name, value in columns.items():
                setattr(row, name, value)

    def test_a_job_committed_but_never_queued_is_sent(self, ports: Ports, sweeper: Sweeper):
        ports.queue.away = True
        job = imagine(ports, "a")
        ports.queue.away = False
        self.age(ports, job, created_at=now() - timedelta(seconds=10))
        sweeper.sweep()
        assert ports.queue.sent == [(job, 0)]
        assert state_of(ports, job) is JobState.QUEUED

    def test_a_fresh_job_is_left_alone(self, ports: Ports, sweeper: Sweeper):
        imagine(ports, "a")
        ports.queue.sent.clear()
        sweeper.sweep()
        assert ports.queue.sent == []

    def test_a_job_queued_long_ago_is_sent_again_but_not_at_every_sweep(self, ports: Ports, sweeper: Sweeper):
        job = imagine(ports, "a")
        ports.queue.sent.clear()
        self.age(ports, job, queued_at=now() - timedelta(minutes=10))
        sweeper.sweep()
        sweeper.sweep()
        assert ports.queue.sent == [(job, 0)]

    def test_a_job_whose_message_is_in_the_queue_is_not_sent_again(
        self, ports: Ports, sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
    ):
        jobs = [imagine(ports, name) for name in "ab"]
        for job in jobs:
            self.age(ports, job, queued_at=now() - timedelta(minutes=10))
        sent = list(ports.queue.sent)
        sweeper.sweep()
        assert ports.queue.sent == sent
        ports.queue.sent.pop()
        sweeper.sweep()
        assert ports.queue.sent == sent[:1], "it was seen a moment ago, and is looked for again in a while"
        monkeypatch.setattr(job_sweeper, "now", lambda: now() + timedelta(minutes=1))
        sweeper.sweep()
        assert [job for job, _ in ports.queue.sent] == jobs

    def test_a_job_whose_message_was_sent_and_not_noted_is_noted(self, ports: Ports, sweeper: Sweeper):
        job = imagine(ports, "a")
        sent = list(ports.queue.sent)
        self.age(ports, job, state=JobState.ACCEPTED, created_at=now() - timedelta(seconds=10))
        sweeper.sweep()
        assert (ports.queue.sent, state_of(ports, job)) == (sent, JobState.QUEUED)

    def test_a_job_of_a_dead_worker_is_sent_again(self, ports: Ports, sweeper: Sweeper):
        job = imagine(ports, "a")
        ports.queue.sent.clear()
        with ports.database.begin() as session:
            job_transitions.take_lease(session, job, worker="dead", at=now(), lease_seconds=-1)
        sweeper.sweep()
        assert ports.queue.sent == [(job, 0)]
        assert state_of(ports, job) is JobState.QUEUED

    def test_a_job_that_kills_its_workers_is_given_up_and_paid_back(self, ports: Ports, sweeper: Sweeper):
        job = imagine(ports, "a")
        with ports.database.begin() as session:
            for worker in ("one", "two"):
                assert job_transitions.take_lease(session, job, worker=worker, at=now(), lease_seconds=-1)
        sweeper.sweep()
        assert state_of(ports, job) is JobState.FAILED
        assert ports.events.published[-1].state is JobState.FAILED
        with ports.database.read() as session:
            assert credit_ledger.balance(session, someone("ana").key, at=now()) == 0

    def test_a_held_job_is_nobodys_business(self, ports: Ports, sweeper: Sweeper):
        job = imagine(ports, "a")
        self.age(ports, job, state=JobState.HELD, queued_at=now() - timedelta(days=1))
        ports.queue.sent.clear()
        sweeper.sweep()
        assert ports.queue.sent == []


def test_a_database_that_is_away_says_so():
    database = Database("postgresql://postgres@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseUnavailableError):
        database.ping()


def test_a_sqlite_file_in_a_missing_folder_says_so(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'missing' / 'studio.sqlite3'}")
    with pytest.raises(DatabaseUnavailableError):
        database.ping()


def test_a_connection_that_is_in_use_while_the_database_closes_is_closed_afterwards(database_url: str):
    database = Database(database_url)
    with database.read() as session:
        in_use = session.connection().connection.driver_connection
        database.close()
        database.close()
        assert session.scalar(select(1)) == 1
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
        in_use.cursor().execute("SELECT 1")
    database.close()


def test_reading_costs_postgresql_no_transaction(postgres_url: str) -> None:
    """`now()` is the beginning of a transaction: without one, of each statement."""
    with closing(Database(postgres_url)) as database:
        with database.begin() as session:
            assert len({session.scalar(text("SELECT now()")) for _ in range(3)}) == 1
        with database.read() as session:
            assert len({session.scalar(text("SELECT now()")) for _ in range(3)}) == 3
        with database.read(streams=True) as session:
            rows = session.execute(text("SELECT generate_series(1, 5)").execution_options(yield_per=2))
            assert [number for (number,) in rows] == [1, 2, 3, 4, 5]


def test_a_connection_that_died_in_the_pool_is_replaced_and_one_just_used_is_trusted(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Database(postgres_url)) as database, closing(Database(postgres_url)) as other:
        pings: list[object] = []
        ping = database.engine.dialect.do_ping
        monkeypatch.setattr(database.engine.dialect, "do_ping", lambda one: pings.append(one) or ping(one))
        with database.read() as session:
            backend = session.scalar(text("SELECT pg_backend_pid()"))
        monkeypatch.setattr("studio.db.database._TRUSTED_SECONDS", 1000.0)
        database.ping()
        assert pings == []
        with other.begin() as session:
            session.execute(text("SELECT pg_terminate_backend(:backend, 60000)"), {"backend": backend})
        monkeypatch.setattr("studio.db.database._TRUSTED_SECONDS", 0.0)
        with database.read() as session:
            assert session.scalar(text("SELECT pg_backend_pid()")) != backend
        assert len(pings) == 1
