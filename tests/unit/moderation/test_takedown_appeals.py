"""The owner of a picture that a moderator took down appeals, once, and the picture comes back or goes for good."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bots.presentation.compose.cases import compose_notice
from moderation.cases.blocked_pictures import blocked_bits
from moderation.cases.retention import let_go
from moderation.cases.strikes import strike_sum
from moderation.records import bans
from studio.clock import now
from studio.commands.button_ids import Action
from studio.commands.registry import execute
from studio.db import cases, queries
from studio.db.tables import NoticeRow, PictureRow
from studio.domain.cases import Decision, NoticeKind, OutsideReport, ReportReason
from studio.errors import BadParameterError, NotAllowedError
from studio.services.file_references import find_unneeded
from tests.support.case_sim import with_desk
from tests.support.case_steps import FINGERPRINT, MOD, by, claim, decide, desk, painted, reported
from tests.support.fakes import someone
from tests.support.message_text import text_of
from tests.support.sentences import raises


@pytest.fixture
def instance(ports):
    return with_desk(ports)


@pytest.fixture
def picture(instance, call):
    return f"{painted(instance, call)}.1"


def take_down(instance, call, picture, decision=Decision.REJECT):
    reported(instance, call, picture.partition(".")[0])
    decide(instance, call, desk(instance, call)[0], decision)


def appeal(instance, call, about, person=None, mark="a"):
    values = {"job": about, "reason": "it is a statue"}
    return execute(instance, by(call, person or call.person, mark), "appeal", values)


def row_of(instance, picture):
    with instance.database.read() as session:
        return session.get_one(PictureRow, picture)


def keys_of(instance, picture):
    with instance.database.read() as session:
        return queries.picture_of(session.get_one(PictureRow, picture)).file_keys


def latest_notice(instance, call):
    with instance.database.read() as session:
        mine = (NoticeRow.person_key == call.person.key) & (NoticeRow.kind == NoticeKind.DECIDED)
        query = select(NoticeRow.id).where(mine)
        return cases.find_notice(
            session, session.scalars(query.order_by(NoticeRow.written_at.desc())).first()
        )


def has_files(instance, picture):
    keys = keys_of(instance, picture)
    with instance.database.read() as session:
        return not find_unneeded(session, keys) and keys <= set(instance.store.blobs)


def test_the_notice_says_until_when_and_has_the_button(instance, call, picture):
    take_down(instance, call, picture)
    message = compose_notice(latest_notice(instance, call))
    assert f"/appeal {picture} --reason" in text_of(message)
    (button,) = message.buttons
    assert (button.action, f"{button.target}.{button.index}") == (Action.APPEAL, picture)


def test_a_granted_appeal_brings_the_picture_back_and_takes_back_what_was_imposed(instance, call, picture):
    take_down(instance, call, picture, Decision.SUSPEND)
    assert has_files(instance, picture)
    with instance.database.read() as session:
        assert bans.find_ban(session, call.person.key) is not None
    case = appeal(instance, call, picture).case
    details = claim(instance, call, case)
    assert [shown.id for shown in details.images] == [picture]
    assert case.words == "it is a statue"
    decide(instance, call, case, Decision.OVERTURN)
    row = row_of(instance, picture)
    assert (row.deleted_at, row.appeal_until) == (None, None)
    with instance.database.read() as session:
        assert strike_sum(session, call.person.key) == 0
        assert bans.find_ban(session, call.person.key) is None
    assert "is shown again" in text_of(compose_notice(latest_notice(instance, call)))


def test_one_that_was_blocked_may_be_made_again(instance, call, picture):
    take_down(instance, call, picture, Decision.BLOCK)
    with instance.database.read() as session:
        assert blocked_bits(session, call.person) == (int(FINGERPRINT, 16),)
    decide(instance, call, appeal(instance, call, picture).case, Decision.SPOILER)
    with instance.database.read() as session:
        assert blocked_bits(session, call.person) == ()
        assert queries.find_job(session, picture.partition(".")[0]).spoiler


def test_a_takedown_that_stands_deletes_the_files_and_is_appealed_once(instance, call, picture):
    take_down(instance, call, picture)
    case = appeal(instance, call, picture.partition(".")[0]).case  # of the job: the one that was taken down
    assert case.picture_id == picture
    decide(instance, call, case, Decision.REJECT)
    assert not keys_of(instance, picture) <= set(instance.store.blobs)
    assert "stays down" in text_of(compose_notice(latest_notice(instance, call)))
    with raises(BadParameterError, match="not taken down"):
        appeal(instance, call, picture, mark="again")


def test_twice_is_once_and_only_for_the_owner(instance, call, picture):
    take_down(instance, call, picture)
    with pytest.raises(NotAllowedError):
        appeal(instance, call, picture, someone("bo"))
    first = appeal(instance, call, picture)
    second = appeal(instance, call, picture, mark="b")
    assert (first.repeated, second.repeated, second.case.id) == (False, True, first.case.id)


def test_one_that_is_taken_down_again_can_be_appealed_again(instance, call, picture):
    take_down(instance, call, picture)
    first = appeal(instance, call, picture).case
    decide(instance, call, first, Decision.OVERTURN)
    execute(instance, by(call, MOD, "d"), "delete", {"what": picture})
    second = appeal(instance, call, picture, mark="b")
    assert not second.repeated
    assert second.case.id != first.id


def test_a_picture_of_a_child_goes_at_once_without_an_appeal(instance, call, picture):
    keys = keys_of(instance, picture)
    instance.desk.receive_report(OutsideReport(picture_id=picture, reason=ReportReason.CHILD))
    decide(instance, call, desk(instance, call)[0], Decision.REJECT)
    assert not keys <= set(instance.store.blobs)
    with raises(BadParameterError, match="not taken down"):
        appeal(instance, call, picture)


def test_what_a_moderator_deletes_can_be_appealed_too(instance, call, picture):
    execute(instance, by(call, MOD, "d"), "delete", {"what": picture})
    assert has_files(instance, picture)
    decide(instance, call, appeal(instance, call, picture).case, Decision.OVERTURN)
    assert row_of(instance, picture).deleted_at is None


@pytest.mark.parametrize(("reason", "days"), [(ReportReason.CHILD, None), (ReportReason.INTIMATE, 14)])
def test_what_was_deleted_before_its_report_was_decided_is_kept_no_longer(
    instance, call, picture, reason, days
):
    instance.desk.receive_report(OutsideReport(picture_id=picture, reason=reason, hides=False))
    case = desk(instance, call)[0]
    execute(instance, by(call, MOD, "d"), "delete", {"what": picture})
    assert has_files(instance, picture)
    decide(instance, call, case, Decision.REJECT)
    until = row_of(instance, picture).appeal_until
    assert until is None if days is None else until < now() + timedelta(days=days)
    assert has_files(instance, picture) == (days is not None)
    advised = "/appeal" in text_of(compose_notice(latest_notice(instance, call)))
    assert advised == (days is not None)


def test_another_picture_of_the_job_keeps_its_strike(instance, call, picture):
    take_down(instance, call, picture, Decision.WARN)
    second = picture.replace(".1", ".2")
    execute(instance, by(call, MOD, "d"), "delete", {"what": second})
    decide(instance, call, appeal(instance, call, second).case, Decision.OVERTURN)
    with instance.database.read() as session:
        assert strike_sum(session, call.person.key) > 0.9
    assert row_of(instance, second).deleted_at is None


def test_after_the_time_to_appeal_the_files_are_needed_no_more(instance, call, picture):
    take_down(instance, call, picture)
    let_go(instance.database, keep=timedelta(days=365))
    assert has_files(instance, picture)
    with instance.database.begin() as session:
        session.execute(update(PictureRow).values(appeal_until=now() - timedelta(days=1)))
    with raises(BadParameterError, match="not taken down"):
        appeal(instance, call, picture)
    let_go(instance.database, keep=timedelta(days=365))
    assert not has_files(instance, picture)


def test_forget_me_takes_its_files_at_once(instance, call, picture):
    take_down(instance, call, picture)
    keys = keys_of(instance, picture)
    execute(instance, by(call, call.person, "f"), "forget-me", {"confirm": "yes"})
    assert not keys & set(instance.store.blobs)
    row = row_of(instance, picture)
    assert (row.deleted_at is not None, row.appeal_until) == (True, None)


def test_while_an_appeal_waits_a_later_report_opens_no_second_one(instance, call, picture):
    take_down(instance, call, picture)
    first = appeal(instance, call, picture)
    outside = OutsideReport(picture_id=picture, reason=ReportReason.INTIMATE)
    with instance.database.begin() as session:  # somebody who saw it reports it, decided after the takedown
        session.execute(update(PictureRow).where(PictureRow.id == picture).values(hidden_by="x"))
    instance.desk.receive_report(outside)
    urgent = next(case for case in desk(instance, call) if case.rule == "intimate picture")
    decide(instance, call, urgent, Decision.REJECT)
    again = appeal(instance, call, picture, mark="b")
    assert (again.repeated, again.case.id) == (True, first.case.id)


def test_a_granted_appeal_about_files_that_are_gone_says_so(instance, call, picture):
    take_down(instance, call, picture)
    case = appeal(instance, call, picture).case
    with instance.database.begin() as session:  # as a report that the picture sexualises a child leads to
        session.execute(update(PictureRow).where(PictureRow.id == picture).values(appeal_until=None))
    decide(instance, call, case, Decision.OVERTURN)
    text = text_of(compose_notice(latest_notice(instance, call)))
    assert "its files are gone" in text
    assert "is shown again" not in text
