"""What outlasts a forgotten person: bans, spent credits, decisions and strikes, without the name."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bots.texts.coded.sentences import say_stored
from engine.maintenance.orphan_files import PARTS_A_RUN, OrphanFileCleaner
from moderation.cases.retention import let_go
from moderation.cases.strikes import strike_sum
from moderation.records import audit_log, bans
from moderation.records.tables import BlockedPictureRow, StrikeRow
from studio.clock import now
from studio.db import credit_ledger, queries
from studio.db.tables import BanRow, CaseRow, NoticeRow, PictureRow
from studio.domain.cases import CaseKind
from studio.domain.jobs import JobState
from studio.domain.requests import Source
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import OutOfCreditsError, PolicyRefusalError
from studio.ports import STORE_PARTS, InstanceLimits, Ports
from tests.support import account_erasure
from tests.support.account_erasure import ask, everything, forget, link, painted
from tests.support.fakes import ruled, someone
from tests.support.finished_jobs import paint_job

instance = account_erasure.instance


REFUSED = Verdict(ruling=Ruling.REFUSE, rule="wording", category="violence")


def reported(instance: Ports, job: str) -> str:
    return ask(instance, "bo", "report", picture=f"{job}.1", reason="ana did it").case.id


def left_to(instance: Ports, name: str) -> int:
    with instance.database.read() as session:
        return credit_ledger.balance(session, someone(name).key, at=now())


def test_a_ban_and_the_chain_outlast_the_name(instance: Ports):
    painted(instance, "ana")
    ask(instance, "mod", "ban", person=someone("ana").key, reason="spam")
    link(instance, "ana", "elsewhere")
    forget(instance)
    with instance.database.read() as session:
        assert bans.find_ban(session, someone("ana").key)
        assert bans.find_ban(session, someone("elsewhere").key)
        assert session.get(BanRow, someone("ana").key)
        verified = audit_log.verify(session)
        assert (verified.whole, verified.erased) == (True, 1)
        assert someone("ana").key not in str(list(audit_log.export(session)))


def test_a_returning_person_is_new_but_not_richer(instance: Ports):
    poor = ruled(instance, InstanceLimits(monthly_credits=10))
    poor_call = {"prompt": "a boat", "count": 4}
    ask(poor, "ana", "imagine", **poor_call)
    paint_job(poor, ask(poor, "ana", "imagine", **poor_call).job_id)
    forget(poor)
    assert ask(poor, "ana", "history").jobs == ()
    assert left_to(poor, "ana") == 6  # the job that waited was paid back


def test_nor_is_any_of_the_names_that_were_linked(instance: Ports):
    poor = ruled(instance, InstanceLimits(monthly_credits=10))
    for name in ("ana", "elsewhere"):
        ask(poor, name, "imagine", prompt="a boat", count=4)
    link(poor, "ana", "elsewhere")
    left = left_to(poor, "ana") + 8  # two jobs that wait are paid back
    forget(poor)
    assert sum(spent_by(poor, name) for name in ("elsewhere", "ana", "elsewhere")) == left
    link(poor, "elsewhere", "ana")
    assert left_to(poor, "ana") == 0


def spent_by(instance: Ports, name: str) -> int:
    """How many pictures somebody can still ask for."""
    asked_for = 0
    try:
        while True:
            painted(instance, name, count=1)
            asked_for += 1
    except OutOfCreditsError:
        return asked_for


def test_next_month_no_account_has_their_name(instance: Ports):
    poor = ruled(instance, InstanceLimits(monthly_credits=10))
    painted(poor, "ana")
    painted(poor, "bo")
    ask(poor, "ana", "credits", to=someone("bo").key, amount=2)
    forget(poor)
    with poor.database.begin() as session:
        credit_ledger.leave_names(session, at=now() + timedelta(days=32))
    left = everything(poor, "outbox")
    assert "web:room:ana" not in left
    assert "web:room:bo" in left


def test_a_gift_names_its_giver_no_more(instance: Ports):
    poor = ruled(instance, InstanceLimits(monthly_credits=10))
    painted(poor, "bo")
    ask(poor, "ana", "credits", to=someone("bo").key, amount=2)
    forget(poor)
    with poor.database.read() as session:
        assert [say_stored(text) for text in session.scalars(select(NoticeRow.text))] == [
            "Somebody gave you 2 credits."
        ]
        assert "'ana'" not in everything(poor, "outbox")


def test_what_a_moderator_decided_stays_without_their_name(instance: Ports):
    job = painted(instance, "ana")
    with instance.database.begin() as session:
        session.get_one(PictureRow, f"{job}.1").perceptual_hash = "f" * 64
    filed = ask(instance, "bo", "report", picture=f"{job}.1").case.id
    ask(instance, "mod", "review", case=filed)
    ask(instance, "mod", "review", case=filed, decision="block")
    ask(instance, "mod", "community", setting="pictures", value="2")
    ask(instance, "mod", "ban", person=someone("bo").key)
    forget(instance, "mod")
    assert "web:room:mod" not in everything(instance)
    with instance.database.read() as session:
        assert session.get_one(CaseRow, filed).decision == "block"
        assert audit_log.verify(session).whole


def test_who_waits_for_an_answer_hears_that_there_is_none(instance: Ports):
    picture = f"{painted(instance, 'ana')}.1"
    ask(instance, "ana", "settings", remix="ask")
    waiting = ask(instance, "bo", "vary", picture=picture).job_id
    forget(instance)
    with instance.database.read() as session:
        case = session.scalars(select(CaseRow).where(CaseRow.kind == CaseKind.CONSENT)).one()
        assert (case.state, queries.find_job(session, waiting).state) == ("closed", JobState.CANCELLED)


def test_an_open_case_about_them_is_judged_all_the_same(instance: Ports):
    job = painted(instance, "ana", "a secluded thought")
    filed = reported(instance, job)
    link(instance, "ana", "elsewhere")
    forget(instance)
    details = ask(instance, "mod", "review", case=filed).details
    assert (details.subject.display_name, details.case.words) == ("somebody", "ana did it")
    assert "secluded" not in everything(instance)
    ask(instance, "mod", "review", case=filed, decision="ban")
    for name in ("ana", "elsewhere"):
        with instance.database.read() as session:
            assert bans.find_ban(session, someone(name).key)


def test_what_a_moderator_blocks_is_known_until_then(instance: Ports):
    job = painted(instance, "ana")
    with instance.database.begin() as session:
        session.get_one(PictureRow, f"{job}.1").perceptual_hash = "f" * 64
    filed = reported(instance, job)
    forget(instance)
    ask(instance, "mod", "review", case=filed, decision="block")
    with instance.database.read() as session:
        assert session.scalars(select(BlockedPictureRow.fingerprint)).all() == ["f" * 64]
    with instance.database.begin() as session:  # the strike weighs no more
        session.execute(update(StrikeRow).values(at=now() - timedelta(days=301)))
    let_go(instance.database, keep=timedelta(days=365))
    with instance.database.read() as session:
        assert session.get_one(PictureRow, f"{job}.1").perceptual_hash is None


def test_when_nothing_is_judged_any_more_the_rest_goes(instance: Ports):
    filed = reported(instance, painted(instance, "ana"))
    link(instance, "ana", "elsewhere")
    forget(instance)
    let_go(instance.database, keep=timedelta(days=365))
    assert "web:room:ana" in everything(instance)
    ask(instance, "mod", "review", case=filed, decision="approve")
    let_go(instance.database, keep=timedelta(days=365))
    left = everything(instance, "outbox", "ledger", "balances")
    assert not [trace for trace in ("web:room:ana", "elsewhere", "did it") if trace in left]


def test_strikes_count_for_a_returning_person_under_any_name(instance: Ports):
    filed = reported(instance, painted(instance, "ana"))
    painted(instance, "elsewhere")
    ask(instance, "mod", "review", case=filed, decision="warn")
    with instance.database.begin() as session:
        for row in session.scalars(select(StrikeRow)):
            row.at -= timedelta(days=60)
    link(instance, "ana", "elsewhere")
    forget(instance)
    ask(instance, "elsewhere", "imagine", prompt="a boat")
    with instance.database.read() as session:
        assert strike_sum(session, someone("elsewhere").key) == pytest.approx(0.25, abs=0.01)
        assert session.execute(select(StrikeRow.job_id, StrikeRow.case_id)).one() == (None, None)


def test_nobody_is_left_to_appeal(instance: Ports):
    refusing = replace(instance, gate=replace(instance.gate, verdict=REFUSED))
    with pytest.raises(PolicyRefusalError) as caught:
        ask(refusing, "ana", "imagine", prompt="a boat")
    ask(instance, "ana", "appeal", job=caught.value.job_id)
    forget(instance)
    assert ask(instance, "mod", "cases").cases == ()


def test_a_file_that_somebody_waits_for_stays_until_they_have_it(instance: Ports):
    origin = painted(instance, "ana")
    upload = instance.store.put(b"an upload", suffix=".png")
    painted(instance, "bo", image=Source(key=upload))
    heir = ask(instance, "bo", "vary", picture=f"{origin}.1").job_id
    forget(instance)
    assert files_of(instance, origin) == [f"picture {origin} 1"]
    assert cleared(instance) == 0
    ask(instance, "bo", "cancel", job=heir)
    assert files_of(instance, origin) == []
    assert cleared(instance) == 0
    assert upload in instance.store.blobs


def files_of(instance: Ports, job: str) -> list[str]:
    return [data.decode() for data in instance.store.blobs.values() if job in data.decode()]


def cleared(instance: Ports) -> int:
    """How many files the orphan file cleaner finds in a day from the day after tomorrow on."""
    cleaner = OrphanFileCleaner(database=instance.database, store=instance.store)
    return sum(
        cleaner.clear(now() + timedelta(days=2, hours=hour)) for hour in range(STORE_PARTS // PARTS_A_RUN)
    )
