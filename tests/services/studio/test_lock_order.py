"""Rows are held in one order, so that on PostgreSQL no two transactions wait for each other.

Each test stands in the way of somebody and looks what they have taken while they wait: nothing that comes later.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.exc import OperationalError

from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.database import Database
from studio.db.tables import CaseRow, JobRow, PersonRow
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.ports import Ports
from studio.services.consent_expiry import close_unanswered
from tests.support.case_sim import with_desk
from tests.support.fakes import FakeGate, fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

PATIENCE_SECONDS = 300.0  # bounds a hang


@pytest.fixture
def instance(postgres_url: str) -> Iterator[Ports]:
    made = with_desk(fake_ports(postgres_url))
    yield made
    made.database.close()


def call(name: str, key: str = "1", *, moderator: bool = False) -> Call:
    person = someone(name, moderator=moderator)
    return Call(person=person, address=somewhere(), request_key=f"{name}:{key}")


def imagine(instance: Ports, key: str) -> str:
    return execute(instance, call("ana", key), "imagine", {"prompt": "a red apple"}).job_id


def held_jobs(instance: Ports) -> list[str]:
    """Two, by their ids; each with its case."""
    assert isinstance(instance.gate, FakeGate)
    instance.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="r", category="c")
    found = sorted(imagine(instance, key) for key in "ab")
    instance.gate.verdict = ALLOWED
    return found


def case_of(instance: Ports, job: str) -> str:
    with instance.database.read() as session:
        return session.scalars(select(CaseRow.id).where(CaseRow.job_id == job)).one()


@contextmanager
def job_view_before(database: Database, row: ColumnElement[bool], work: Any) -> Iterator[Future[Any]]:
    """`work` begins, and waits for the row until the block ends."""
    with ThreadPoolExecutor(1) as threads:
        with database.begin() as session:
            assert session.scalars(select(row.left.table.c[0]).where(row).with_for_update()).all()
            begun = threads.submit(work)
            while not _somebody_waits(database):
                done, _ = wait([begun], timeout=0.02)
                assert not done, f"nobody waited: {begun.exception() or begun.result()}"
            yield begun
        begun.result(PATIENCE_SECONDS)


def _somebody_waits(database: Database) -> bool:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.read() as session:
        return bool(session.scalar(query))


def is_free(database: Database, row: ColumnElement[bool]) -> bool:
    try:
        with database.engine.begin() as connection:
            found = connection.execute(select(row.left.table.c[0]).where(row).with_for_update(nowait=True))
            assert found.all()
    except OperationalError:
        return False
    return True


def decide(instance: Ports, case: str, decision: str) -> Any:
    return execute(
        instance, call("mod", decision, moderator=True), "review", {"case": case, "decision": decision}
    )


@pytest.mark.parametrize("deed", ["a decision", "a ban"])
def test_stopping_all_jobs_locks_them_in_order_of_id(instance: Ports, deed: str) -> None:
    first, second = held_jobs(instance)
    case = case_of(instance, second)
    ban = partial(
        instance.desk.ban, someone("mod", moderator=True), someone("ana").key, until=None, reason=""
    )
    work = partial(decide, instance, case, "ban") if deed == "a decision" else ban
    with job_view_before(instance.database, JobRow.id == first, work):
        assert is_free(instance.database, JobRow.id == second)
        assert is_free(instance.database, CaseRow.id == case)


def test_a_decision_takes_the_job_before_its_case(instance: Ports) -> None:
    job, _ = held_jobs(instance)
    case = case_of(instance, job)
    with job_view_before(instance.database, JobRow.id == job, partial(decide, instance, case, "reject")):
        assert is_free(instance.database, CaseRow.id == case)


def asked_about(instance: Ports) -> str:
    """A job of Bo's that waits for Ana, whose picture it starts from."""
    execute(instance, call("ana", "s"), "settings", {"remix": "ask"})
    picture = f"{paint_job(instance, imagine(instance, 'p'))}.1"
    return execute(instance, call("bo"), "vary", {"picture": picture}).job_id


@pytest.mark.parametrize("deed", ["an answer", "a week without one", "forgetting"])
def test_a_question_is_taken_after_the_job_that_waits_for_it(instance: Ports, deed: str) -> None:
    job = asked_about(instance)
    case = case_of(instance, job)
    with instance.database.begin() as session:
        session.execute(update(CaseRow).values(opened_at=now() - timedelta(days=8)))
    work = {
        "an answer": partial(execute, instance, call("ana", "y"), "answer", {"case": case, "answer": "yes"}),
        "a week without one": partial(close_unanswered, instance.database, instance.events),
        "forgetting": partial(execute, instance, call("ana", "f"), "forget-me", {"confirm": "yes"}),
    }
    with job_view_before(instance.database, JobRow.id == job, work[deed]):
        assert is_free(instance.database, CaseRow.id == case)


def test_two_who_link_take_each_others_rows_in_one_order(instance: Ports) -> None:
    codes = [execute(instance, call(name, "l"), "link", {}).code for name in ("ana", "bo")]
    work = partial(execute, instance, call("bo", "c"), "link", {"code": codes[0]})
    with job_view_before(instance.database, PersonRow.key == someone("ana").key, work):
        assert is_free(instance.database, PersonRow.key == someone("bo").key)


def test_forgetting_linked_names_locks_them_in_one_order(instance: Ports) -> None:
    code = execute(instance, call("ana", "l"), "link", {}).code
    execute(instance, call("bo", "c"), "link", {"code": code})
    work = partial(execute, instance, call("bo", "f"), "forget-me", {"confirm": "yes"})
    with job_view_before(instance.database, PersonRow.key == someone("ana").key, work):
        assert is_free(instance.database, PersonRow.key == someone("bo").key)
