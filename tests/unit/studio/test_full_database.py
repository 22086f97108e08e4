"""A SQLite file that cannot grow: nothing half of a request stays, nothing is charged, and it goes on with room."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import event, func, select

from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import credit_ledger
from studio.db.tables import JobRow, LedgerRow, OutboxRow, PictureRow
from studio.domain.jobs import JobState
from studio.errors import DatabaseUnavailableError
from studio.ports import Ports
from tests.support.finished_jobs import paint_job

ROOMY = 2**31 - 2  # pages, SQLite's own limit


@pytest.fixture
def fill(ports: Ports) -> Iterator[Callable[[bool], None]]:
    """Take the room of the file, or give it back."""
    state = {"full": False}

    def limit(connection: object, *_: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"PRAGMA max_page_count = {1 if state['full'] else ROOMY}")
        cursor.close()

    event.listen(ports.database.engine, "checkout", limit)

    def switch(full: bool) -> None:
        state["full"] = full

    yield switch
    event.remove(ports.database.engine, "checkout", limit)


def ask_until_full(ports: Ports, call: Call, **values: object) -> int:
    """Use up the free room of the last pages; how many requests were accepted."""
    for number in range(100):
        try:
            execute(ports, replace(call, request_key=f"full:{number}"), "imagine", values)
        except DatabaseUnavailableError:
            return number
    raise AssertionError("it never was full")


def rows(ports: Ports) -> list[int]:
    with ports.database.read() as session:
        tables = (JobRow, LedgerRow, OutboxRow, PictureRow)
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_a_request_that_finds_no_room_leaves_nothing_and_works_later(ports, call, fill):
    long_prompt = {"prompt": "a red fox in the snow " * 20, "count": 1}
    execute(ports, call, "imagine", long_prompt)
    before = rows(ports)
    fill(True)
    accepted = ask_until_full(ports, call, **long_prompt)
    fill(False)
    jobs, entries, *_ = rows(ports)
    assert (jobs, entries) == (before[0] + accepted, before[1] + accepted)
    again = execute(ports, replace(call, request_key=f"full:{accepted}"), "imagine", long_prompt)
    assert not again.repeated


def test_a_job_that_ends_without_room_is_recorded_once_there_is_some(ports, call, fill):
    long_prompt = {"prompt": "a red fox in the snow " * 40, "count": 4}
    job_id = execute(ports, call, "imagine", long_prompt).job_id
    with ports.database.read() as session:
        left = credit_ledger.balance(session, call.person.key, at=now())
    fill(True)
    ask_until_full(ports, call, prompt="a fox")
    with pytest.raises(DatabaseUnavailableError):
        paint_job(ports, job_id)
    with ports.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PictureRow)) == 0
        settled = select(func.count()).where(LedgerRow.job_id == job_id, LedgerRow.kind == "capture")
        assert session.scalar(settled) == 0
    fill(False)
    paint_job(ports, job_id)
    with ports.database.read() as session:
        assert session.get_one(JobRow, job_id).state == JobState.DONE
        assert session.scalar(settled) == 1
        assert credit_ledger.balance(session, call.person.key, at=now()) <= left
