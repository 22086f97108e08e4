"""Sums of the ledger and the files of requests follow their tables, on either database, whoever writes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update

from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import credit_ledger
from studio.db.running_sums.balance_check import find_wrong_balances
from studio.db.running_sums.storage_use import community_owner, stored_bytes
from studio.db.tables import (
    BalanceRow,
    JobRow,
    JobSourceRow,
    LedgerRow,
    PictureRow,
    UploadRow,
    create_triggers,
    drop_triggers,
    fill_balances,
    fill_storage_use,
    fill_uploads,
)
from studio.domain.people import Person, Platform
from studio.domain.requests import Source
from studio.erasure import unused_uploads
from studio.ports import InstanceLimits, Ports
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

ANA = someone("ana")


@pytest.fixture
def instance(database_url: str) -> Iterator[Ports]:
    made = fake_ports(database_url, InstanceLimits(monthly_credits=100))
    yield made
    made.database.close()


def ask(instance: Ports) -> str:
    call = Call(person=ANA, address=somewhere(), request_key="once")
    return execute(instance, call, "imagine", {"prompt": "a boat", "count": 2}).job_id


def sums(instance: Ports) -> dict[tuple[str, str], int]:
    with instance.database.read() as session:
        assert find_wrong_balances(session) == []
        return {(row.account, row.kind): row.amount for row in session.scalars(select(BalanceRow))}


def test_sums_follow_entries_that_are_added_renamed_and_taken_away(instance: Ports) -> None:
    ask(instance)
    assert sums(instance) == {(ANA.key, "grant"): 100, (ANA.key, "reserve"): -2}
    with instance.database.begin() as session:
        session.execute(update(LedgerRow).values(account="pool:web:room:main"))
    assert sums(instance) == {("pool:web:room:main", "grant"): 100, ("pool:web:room:main", "reserve"): -2}
    with instance.database.begin() as session:
        session.execute(delete(LedgerRow).where(LedgerRow.kind == "grant"))
    assert sums(instance) == {("pool:web:room:main", "reserve"): -2}


def test_entries_that_sum_up_to_nothing_leave_no_name_when_they_are_renamed(instance: Ports) -> None:
    ask(instance)
    with instance.database.begin() as session:
        row = session.scalars(select(LedgerRow).where(LedgerRow.kind == "grant")).one()
        common = {"person_key": ANA.key, "period": row.period, "kind": "gift", "created_at": now()}
        for number, amount in enumerate((5, -5, 3)):
            entry = {"entry_key": f"g{number}", "account": ANA.key, "amount": amount}
            session.execute(insert(LedgerRow).values(**common, **entry))
    for key in ("g2", "g0", "g1", None):
        mine = LedgerRow.account == ANA.key if key is None else LedgerRow.entry_key == key
        with instance.database.begin() as session:
            session.execute(update(LedgerRow).where(mine).values(account="nobody"))
        sums(instance)
    assert {account for account, _ in sums(instance)} == {"nobody"}


def test_a_sum_that_is_not_that_of_its_entries_is_found_and_written_anew(instance: Ports) -> None:
    ask(instance)
    with instance.database.begin() as session:
        session.execute(update(BalanceRow).where(BalanceRow.kind == "reserve").values(amount=-1))
        session.execute(delete(BalanceRow).where(BalanceRow.kind == "grant"))
        lost = {"account": "nobody", "period": "2026-01", "kind": "gift", "amount": 4}
        session.execute(insert(BalanceRow).values(**lost))
    with instance.database.read() as session:
        found = {(wrong.kind, wrong.stored, wrong.entries) for wrong in find_wrong_balances(session)}
    assert found == {("reserve", -1, -2), ("grant", 0, 100), ("gift", 4, 0)}
    with instance.database.begin() as session:
        fill_balances(session.connection())
    assert sums(instance) == {(ANA.key, "grant"): 100, (ANA.key, "reserve"): -2}


def test_files_of_requests_follow_what_is_written_into_a_job(instance: Ports) -> None:
    job_id = ask(instance)
    requests = (
        ({"sources": [{"key": "a", "picture_id": "p.1"}, {"key": "b", "mask_key": "m"}]}, {"a", "b", "m"}),
        ({"sources": [{"key": "it's", "mask_key": None}, {"key": "", "mask_key": ""}]}, {"it's"}),
        ({"sources": "none"}, set()),
        ({"sources": None}, set()),
        ({}, set()),
    )
    for request, files in requests:
        with instance.database.begin() as session:
            session.execute(update(JobRow).where(JobRow.id == job_id).values(request=request))
            assert set(session.scalars(select(JobSourceRow.file_key))) == files


def test_a_version_that_knows_neither_table_keeps_both_current(instance: Ports) -> None:
    """As statements of an older version that runs beside this one write them: without a word of the new tables."""
    ask(instance)
    with instance.database.begin() as session:
        create_triggers(session.connection())  # twice does no harm
        session.execute(
            text(
                "INSERT INTO ledger (entry_key, account, person_key, period, kind, amount, created_at)"
                " SELECT 'old', account, person_key, period, 'gift', 7, created_at"
                " FROM ledger WHERE kind = 'grant'"
            )
        )
        assert credit_ledger.balance(session, ANA.key, at=now()) == 105


def used(instance: Ports, *owners: str) -> list[int]:
    with instance.database.read() as session:
        return [stored_bytes(session, [owner]) for owner in owners]


def test_what_people_attach_counts_once_until_nothing_of_theirs_names_it(instance: Ports) -> None:
    bo, room = someone("bo"), community_owner(Platform.WEB, "room")
    key = instance.store.put(b"an image", suffix=".png")
    upload = Source(key=key, width=64, height=64, size_bytes=700)

    def upscale(number: int, person: Person = ANA) -> str:
        call = Call(person=person, address=somewhere(), request_key=f"{number}")
        return paint_job(instance, execute(instance, call, "upscale", {"image": upload}).job_id)

    jobs = [upscale(number) for number in range(2)]
    with instance.database.begin() as session:  # what the pictures take is another matter
        session.execute(update(PictureRow).values(size_bytes=0))
    assert used(instance, ANA.key, room) == [700, 700]
    upscale(2, bo)
    with instance.database.begin() as session:
        session.execute(update(PictureRow).values(size_bytes=0))
    assert used(instance, ANA.key, bo.key, room) == [700, 700, 1400]
    with instance.database.begin() as session:
        drop_triggers(session.connection())
        fill_uploads(session.connection())
        fill_storage_use(session.connection())
        create_triggers(session.connection())
    assert used(instance, ANA.key, bo.key, room) == [700, 700, 1400]
    for job_id, left in zip(jobs, (700, 0), strict=True):
        with instance.database.begin() as session:
            session.execute(update(JobRow).where(JobRow.id == job_id).values(request={}))
        assert used(instance, ANA.key, bo.key, room) == [left, 700, left + 700]


def test_files_end_for_one_person_and_stay_ended_when_a_request_is_written_again(instance: Ports) -> None:
    key = instance.store.put(b"an image", suffix=".png")
    upload = Source(key=key, width=64, height=64, size_bytes=700)
    call = Call(person=ANA, address=somewhere(), request_key="once")
    job_id = paint_job(instance, execute(instance, call, "upscale", {"image": upload}).job_id)
    later, none = now() + timedelta(hours=1), JobRow.id.is_(None)
    with instance.database.begin() as session:
        assert unused_uploads.without_pictures(later, jobs=none).find(session, limit=9) == []
        assert unused_uploads.left_by(job_id).find(session, limit=9) == []
        session.execute(update(PictureRow).values(size_bytes=0))
    unused = unused_uploads.unused_since(later, jobs=none)
    with instance.database.read() as session:
        found = unused.find(session, limit=9)
    assert [unused.expire(instance.database, instance.store, found) for _ in range(2)] == [1, 0]
    with instance.database.begin() as session:
        row = session.get_one(JobRow, job_id)
        row.request = {**row.request, "prompt": "other words"}
        row.command = "reroll"
    assert used(instance, ANA.key) == [0]
    with instance.database.begin() as session:
        drop_triggers(session.connection())
        fill_uploads(session.connection())
        assert session.scalars(select(UploadRow.file_key)).all() == [key]  # else nothing would end it
        create_triggers(session.connection())  # the tests after this one use the same server's tables
