"""Records go after some days where an administrator wants it, but for those that somebody still needs."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from engine.maintenance import job_retention
from engine.maintenance.job_retention import JobRetention
from engine.maintenance.record_retention import LedgerRetention, NoticeRetention
from moderation.records.protected_records import PROTECTED
from moderation.records.tables import StrikeRow
from studio.clock import now
from studio.commands.registry import execute
from studio.db import credit_ledger
from studio.db.cases import mark_notice_delivered, write_notice
from studio.db.running_sums.balance_check import find_wrong_balances
from studio.db.tables import (
    BalanceRow,
    CaseRow,
    DeliveryRow,
    EvidenceRow,
    JobRow,
    LedgerRow,
    NoticeRow,
    PictureRow,
    ShareRow,
    StarRow,
)
from studio.domain.cases import CaseKind, CaseState, NewNotice, NoticeKind
from studio.domain.deliveries import DeliveryKind
from studio.domain.jobs import JobState
from studio.ports import InstanceLimits
from tests.support.fakes import ruled, someone
from tests.support.finished_jobs import end_job, paint_job

DAY = timedelta(days=1)
MONTH = timedelta(days=30)
LATER = MONTH + timedelta(hours=1)


def ask(ports, call, key, command="imagine", **options):
    what = {"prompt": f"a boat {key}", "count": 1} if command == "imagine" else options
    return execute(ports, replace(call, request_key=key), command, what).job_id


def painted(ports, call, key):
    return paint_job(ports, ask(ports, call, key), png=key.encode())


def deleted(ports, call, key):
    job_id = painted(ports, call, key)
    execute(ports, replace(call, request_key=f"delete {key}"), "delete", {"what": job_id})
    return job_id


def retention(ports, *, keep=MONTH, keep_cases=MONTH):
    return JobRetention(database=ports.database, keep=keep, keep_cases=keep_cases, protection=PROTECTED)


def remaining(ports):
    with ports.database.read() as session:
        return set(session.scalars(select(JobRow.id)))


def add(ports, *rows):
    with ports.database.begin() as session:
        session.add_all(rows)


def case(job_id, state, *, decided_at=None):
    return CaseRow(
        id=f"c{job_id}"[:12],
        case_key=f"case {job_id}",
        kind=CaseKind.REPORT,
        state=state,
        platform="web",
        community="room",
        subject="web:room:ana",
        job_id=job_id,
        opened_at=now(),
        decided_at=decided_at,
    )


def test_jobs_without_anything_to_see_go_with_what_belongs_to_them(ports, call):
    gone, there = deleted(ports, call, "gone"), painted(ports, call, "there")
    failed, waiting = ask(ports, call, "failed"), ask(ports, call, "waiting")
    end_job(ports, failed, JobState.FAILED)
    message = {"platform": "discord", "channel": "1", "message": "2", "updated_at": now()}
    add(
        ports,
        DeliveryRow(kind=DeliveryKind.JOB, subject=gone, **message),
        DeliveryRow(kind=DeliveryKind.STARBOARD, subject=f"{gone}.1", **message),
        DeliveryRow(kind=DeliveryKind.JOB, subject=there, **message),
        StarRow(picture_id=f"{gone}.1", person_key=call.person.key, created_at=now()),
    )
    assert retention(ports).delete_old() == 0
    assert retention(ports).delete_old(now() + LATER) == 2
    assert remaining(ports) == {there, waiting}
    with ports.database.read() as session:
        assert session.scalars(select(PictureRow.job_id)).all() == [there]
        assert session.scalars(select(DeliveryRow.subject)).all() == [there]
        assert session.scalar(select(func.count()).select_from(LedgerRow)) >= 3
        assert find_wrong_balances(session) == []
    assert retention(ports).delete_old(now() + LATER) == 0


def test_what_was_made_from_a_picture_keeps_its_job_until_it_goes_itself(ports, call):
    parent = painted(ports, call, "parent")
    child = paint_job(ports, ask(ports, call, "child", "vary", picture=f"{parent}.1"), png=b"child")
    execute(ports, replace(call, request_key="delete"), "delete", {"what": parent})
    assert retention(ports).delete_old(now() + LATER) == 0
    execute(ports, replace(call, request_key="delete too"), "delete", {"what": child})
    keeper = retention(ports)
    assert [keeper.delete_old(now() + LATER) for _ in range(3)] == [1, 1, 0]
    assert remaining(ports) == set()


def test_links_cases_evidence_strikes_and_legal_holds_keep_jobs(ports, call):
    names = ("shared", "judged", "lately", "evidence", "strike", "long_ago")
    jobs = {name: deleted(ports, call, name) for name in names}
    held = deleted(ports, replace(call, person=someone("bo")), "held")
    add(
        ports,
        ShareRow(token="t", picture_id=f"{jobs['shared']}.1", person_key=call.person.key, created_at=now()),
        case(jobs["judged"], CaseState.OPEN),
        case(jobs["lately"], CaseState.CLOSED, decided_at=now() + 20 * DAY),
        case(jobs["long_ago"], CaseState.CLOSED, decided_at=now() - DAY),
        EvidenceRow(
            id="e", kind="words", subject="x", job_id=jobs["evidence"], content=b"", created_at=now()
        ),
        EvidenceRow(
            id="h", kind="words", subject="web:room:bo", content=b"", created_at=now(), legal_hold="a court"
        ),
        StrikeRow(person_key="x", rule="r", category="c", weight=1.0, job_id=jobs["strike"], at=now()),
    )
    assert retention(ports).delete_old(now() + LATER) == 1
    assert remaining(ports) == {held, *jobs.values()} - {jobs["long_ago"]}
    with ports.database.read() as session:
        emptied = session.scalars(select(CaseRow).where(CaseRow.job_id.is_(None))).all()
    assert [row.case_key for row in emptied] == [f"case {jobs['long_ago']}"]


def test_pictures_that_were_deleted_lately_and_hidden_ones_keep_their_job(ports, call):
    lately, hidden = deleted(ports, call, "lately"), deleted(ports, call, "hidden")
    with ports.database.begin() as session:
        for job_id, values in ((lately, {"deleted_at": now() + 20 * DAY}), (hidden, {"hidden_by": "a case"})):
            session.execute(update(PictureRow).where(PictureRow.job_id == job_id).values(values))
    assert retention(ports).delete_old(now() + LATER) == 0


def test_a_run_goes_on_where_the_last_one_stopped(ports, call, monkeypatch: pytest.MonkeyPatch):
    for number in range(3):
        painted(ports, call, f"kept {number}")
    deleted(ports, call, "gone")
    monkeypatch.setattr(job_retention, "_BATCH", 2)
    monkeypatch.setattr(job_retention, "MOST_A_RUN", 2)
    keeper = retention(ports)
    assert [keeper.delete_old(now() + LATER) for _ in range(3)] == [0, 1, 0]


def test_delivered_notices_go_but_hints_and_those_that_nobody_read(ports, call):
    painted(ports, call, "first")  # so that the person is known
    with ports.database.begin() as session:
        for name, kind in (("read", NoticeKind.GIFT), ("unread", NoticeKind.GIFT), ("hint", NoticeKind.HINT)):
            write_notice(session, NewNotice(kind, call.person.key, name, id=name))
        for name in ("read", "hint"):
            mark_notice_delivered(session, name)
    notices = NoticeRetention(database=ports.database, keep=MONTH, people=PROTECTED.people)
    assert notices.delete_old() == 0
    assert notices.delete_old(now() + LATER) == 1
    with ports.database.read() as session:
        assert set(session.scalars(select(NoticeRow.id))) == {"unread", "hint"}


def test_old_entries_become_one_sum_and_no_balance_changes(ports, call):
    ports = ruled(ports, InstanceLimits(monthly_credits=10))
    for key in ("first", "second"):
        painted(ports, call, key)
    ask(ports, call, "waiting")
    ledger = LedgerRetention(database=ports.database, keep=31 * DAY, people=PROTECTED.people)
    account = call.person.key
    with ports.database.read() as session:
        left = credit_ledger.balance(session, account, at=now())
    assert ledger.fold_old(now() + 31 * DAY) in (0, 5)  # 0 where the month is not over by then
    later = now() + 90 * DAY
    ledger.fold_old(later)
    with ports.database.read() as session:
        kinds = dict(session.execute(select(LedgerRow.kind, LedgerRow.amount)).all())
        assert kinds == {"carried": 8, "reserve": -1}  # of the job that waits
        assert find_wrong_balances(session) == []
        assert credit_ledger.balance(session, account, at=now()) == left - 8
        assert session.scalar(select(func.sum(BalanceRow.amount))) == left
    with ports.database.begin() as session:
        credit_ledger.grant_monthly(session, account, credits=10, at=now() + 45 * DAY)
    ledger.fold_old(now() + 150 * DAY)
    with ports.database.read() as session:
        carried = session.scalars(select(LedgerRow).where(LedgerRow.kind == "carried")).all()
        assert [(row.account, row.amount) for row in carried] == [(account, 18)]
        assert find_wrong_balances(session) == []


def test_a_notice_of_a_folded_gift_names_no_giver(ports, call):
    poor = ruled(ports, InstanceLimits(monthly_credits=10))
    bo = someone("bo")
    for person in (bo, call.person):
        asked = replace(call, person=person, request_key=f"seen:{person.user_id}")
        execute(poor, asked, "imagine", {"prompt": "a red apple", "count": 1})
    execute(poor, call, "credits", {"to": bo.key, "amount": 2})
    LedgerRetention(database=poor.database, keep=timedelta(days=31), people=PROTECTED.people).fold_old(
        now() + timedelta(days=90)
    )
    with poor.database.read() as session:
        (text,) = session.scalars(select(NoticeRow.text))
    assert "gift_by_somebody" in text
    assert call.person.display_name not in text
