"""Two maintenance workers delete old records of one database at once, on either database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from engine.maintenance.job_retention import JobRetention
from engine.maintenance.record_retention import LedgerRetention
from moderation.records.protected_records import PROTECTED
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.running_sums.balance_check import find_wrong_balances
from studio.db.tables import JobRow, LedgerRow, PictureRow
from studio.ports import InstanceLimits, Ports
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

LATER = timedelta(days=100)
CALL = Call(person=someone("ana"), address=somewhere(), request_key="")


@pytest.fixture
def instance(database_url: str) -> Iterator[Ports]:
    made = fake_ports(database_url, InstanceLimits(monthly_credits=100))
    yield made
    made.database.close()


def test_two_at_once_delete_and_fold_each_record_once(instance: Ports) -> None:
    for number in range(4):
        asked = replace(CALL, request_key=f"ask {number}")
        job_id = execute(instance, asked, "imagine", {"prompt": "a boat", "count": 1}).job_id
        paint_job(instance, job_id)
        if number:
            execute(instance, replace(asked, request_key=f"delete {number}"), "delete", {"what": job_id})
    at, together = now() + LATER, Barrier(2)

    def work() -> tuple[int, int]:
        month = timedelta(days=31)
        jobs = JobRetention(database=instance.database, keep=month, keep_cases=month, protection=PROTECTED)
        ledger = LedgerRetention(database=instance.database, keep=month, people=PROTECTED.people)
        together.wait()
        return jobs.delete_old(at), ledger.fold_old(at)

    with ThreadPoolExecutor(2) as threads:
        done = [future.result() for future in [threads.submit(work) for _ in range(2)]]
    deleted, folded = map(sum, zip(*done, strict=True))
    assert (deleted, folded) == (3, 9)
    with instance.database.read() as session:
        assert session.scalar(select(func.count()).select_from(JobRow)) == 1
        assert session.scalar(select(func.count()).select_from(PictureRow)) == 1
        assert session.execute(select(LedgerRow.kind, LedgerRow.amount)).all() == [("carried", 96)]
        assert find_wrong_balances(session) == []
