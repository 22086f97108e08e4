"""Reports of people without a name here: the receipt, the clock, and what an urgent one does at once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bots.presentation.compose.cases import compose_case
from bots.presentation.form_model import command_of
from bots.texts.coded.sentences import say_stored
from moderation.cases.blocked_pictures import blocked_bits
from moderation.cases.retention import let_go
from moderation.records.evidence import decrypt, list_evidence
from moderation.records.tables import OutsideReportRow
from moderation.reports import outside_reports
from studio.clock import now
from studio.commands.registry import execute
from studio.db import queries
from studio.db.identities.people import lock_person
from studio.db.newcomers import newcomer_origins
from studio.db.newcomers.newcomer_origins import ADDRESS
from studio.db.tables import CaseRow, NoticeRow, PersonRow, PictureRow
from studio.domain.cases import Decision, OutsideReport, ReportOutcome, ReportReason
from studio.domain.events import CaseChanged, PictureChanged
from studio.domain.people import Platform
from studio.errors import NotFoundError, StorageError
from studio.services import file_references
from tests.support.case_sim import CIPHER, with_desk
from tests.support.case_steps import (
    BEA,
    FINGERPRINT,
    MOD,
    by,
    claim,
    decide,
    desk,
    imagine,
    kinds,
    painted,
    reported,
)
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.message_text import text_of

ELSEWHERE = replace(someone("zoe"), platform=Platform.DISCORD, community="another server")
ELSEWHERE_MOD = replace(MOD, platform=ELSEWHERE.platform, community=ELSEWHERE.community)


@pytest.fixture
def instance(ports):
    return with_desk(ports)


@pytest.fixture
def picture(instance, call):
    return f"{painted(instance, call)}.1"


def report(instance, picture, reason=ReportReason.INTIMATE, **values):
    return instance.desk.receive_report(OutsideReport(picture_id=picture, reason=reason, **values))


def case_of(instance, picture):
    (found,) = [case for case in _cases(instance) if case.picture_id == picture]
    return found


def _cases(instance):
    from studio.db import cases

    with instance.database.read() as session:
        return [cases.case_of(row) for row in session.scalars(select(CaseRow).order_by(CaseRow.opened_at))]


def is_there(instance, picture):
    with instance.database.read() as session:
        try:
            queries.find_picture(session, picture)
        except NotFoundError:
            return False
        return True


def row_of(instance, picture):
    with instance.database.read() as session:
        return session.get_one(PictureRow, picture)


def is_blocked(instance, person):
    with instance.database.read() as session:
        return int(FINGERPRINT, 16) in blocked_bits(session, person)


def alike_elsewhere(instance, call):
    """A picture of another community that looks the same."""
    job_id = paint_job(instance, imagine(instance, replace(by(call, ELSEWHERE), address=call.address)))
    with instance.database.begin() as session:
        session.get_one(PictureRow, f"{job_id}.1").perceptual_hash = FINGERPRINT
        session.get_one(PictureRow, f"{job_id}.2").perceptual_hash = "0" * 64
    return job_id


class TestReceipts:
    def test_the_code_says_what_was_decided(self, instance, call, picture):
        code = report(instance, picture, ReportReason.OTHER, words="it shows my house")
        assert instance.desk.read_report(code).outcome is ReportOutcome.WAITING
        decide(instance, call, case_of(instance, picture), Decision.REJECT)
        status = instance.desk.read_report(code.upper().replace("-", " "))
        assert (status.outcome, status.decided_at is not None) == (ReportOutcome.REMOVED, True)

    @pytest.mark.parametrize(
        ("decision", "outcome"),
        [(Decision.APPROVE, ReportOutcome.STAYS), (Decision.SPOILER, ReportOutcome.HIDDEN)],
    )
    def test_a_picture_that_stays_is_said_too(self, instance, call, picture, decision, outcome):
        code = report(instance, picture, ReportReason.OTHER)
        decide(instance, call, case_of(instance, picture), decision)
        assert instance.desk.read_report(code).outcome is outcome

    def test_codes_cannot_be_read_from_the_records_nor_guessed(self, instance, picture):
        code = report(instance, picture)
        with instance.database.read() as session:
            (row,) = session.scalars(select(OutsideReportRow))
        assert code.replace("-", "") not in row.code_digest
        assert instance.desk.read_report("0000-0000-0000-0000") is None

    def test_a_file_that_is_not_known_gets_a_receipt_and_no_case(self, instance):
        code = report(instance, None)
        assert instance.desk.read_report(code).outcome is ReportOutcome.WAITING
        assert _cases(instance) == []

    def test_moderators_see_the_address_which_goes_some_time_after_the_decision(
        self, instance, call, picture
    ):
        report(instance, picture, contact="ana@example.org")
        case = case_of(instance, picture)
        assert "ana@example.org" in text_of(compose_case(instance.desk.read(case.id)))
        decide(instance, call, case, Decision.REJECT)
        with instance.database.begin() as session:
            session.execute(update(CaseRow).values(decided_at=now() - timedelta(days=91)))
        let_go(instance.database, keep=timedelta(days=365))
        with instance.database.read() as session:
            assert session.scalars(select(OutsideReportRow.contact)).all() == [""]

    def test_the_words_of_every_reporter_are_kept_and_shown(self, instance, call, picture):
        report(instance, picture, ReportReason.OTHER, words="it shows my house")
        case = case_of(instance, picture)
        instance.events.published.clear()
        report(
            instance,
            picture,
            ReportReason.OTHER,
            words="it shows my number plate",
            reporter="Zoe Example",
            good_faith=True,
        )
        assert len(_cases(instance)) == 1
        assert any(isinstance(event, CaseChanged) for event in instance.events.published)
        shown = text_of(compose_case(instance.desk.read(case.id)))
        assert "it shows my house · it shows my number plate (Zoe Example, in good faith)" in shown

    def test_of_very_many_reports_the_first_are_shown_and_the_others_counted(self, instance, picture):
        for number in range(20):
            report(instance, picture, ReportReason.OTHER, words=f"{number} " + "long words " * 60)
        shown = text_of(compose_case(instance.desk.read(case_of(instance, picture).id)))
        assert "and 12 more reports" in shown
        assert len(shown) < 2500

    def test_words_of_a_report_before_they_were_kept_with_it_stay(self, instance, picture):
        report(instance, picture, ReportReason.OTHER, words="it shows my house")
        with instance.database.begin() as session:
            session.execute(update(OutsideReportRow).values(words=""))
        report(instance, picture, ReportReason.OTHER, words="it shows my dog")
        shown = text_of(compose_case(instance.desk.read(case_of(instance, picture).id)))
        assert "it shows my house · it shows my dog" in shown

    def test_they_go_with_the_words_of_the_case(self, instance, call, picture):
        report(instance, picture, ReportReason.OTHER, words="it shows my house", reporter="Zoe Example")
        decide(instance, call, case_of(instance, picture), Decision.APPROVE)
        with instance.database.begin() as session:
            session.execute(update(CaseRow).values(decided_at=now() - timedelta(days=400)))
        let_go(instance.database, keep=timedelta(days=365))
        with instance.database.read() as session:
            (row,) = session.scalars(select(OutsideReportRow))
        assert (row.words, row.reporter) == ("", "")

    @pytest.mark.parametrize(
        ("reason", "words"),
        [
            (ReportReason.INTIMATE, "intimate picture of somebody"),
            (ReportReason.CHILD, "sexualising a child"),
            (ReportReason.ARTIST, "artist asks"),
            (ReportReason.OTHER, "breaking the rules"),
        ],
    )
    def test_the_owner_of_a_picture_that_is_taken_down_is_told_why(
        self, instance, call, picture, reason, words
    ):
        report(instance, picture, reason, artist="Zoe Example" if reason is ReportReason.ARTIST else "")
        decide(instance, call, case_of(instance, picture), Decision.REJECT)
        with instance.database.read() as session:
            notices = [say_stored(row.text) for row in session.scalars(select(NoticeRow))]
        assert any(words in text and "A person decided" in text for text in notices)


class TestIntimatePictures:
    def test_the_picture_and_its_look_alikes_are_out_of_sight_at_once_in_all_communities(
        self, instance, call, picture
    ):
        other = alike_elsewhere(instance, call)
        report(instance, picture)
        assert not is_there(instance, picture)
        assert not is_there(instance, f"{other}.1")
        assert is_there(instance, f"{other}.2")
        assert {event.picture_id for event in kinds(instance, PictureChanged)} >= {picture, f"{other}.1"}
        assert is_blocked(instance, call.person)
        assert is_blocked(instance, ELSEWHERE)

    def test_its_case_comes_first_with_the_time_until_which_it_is_to_be_decided(
        self, instance, call, picture
    ):
        other = f"{paint_job(instance, imagine(instance, by(call, call.person, '2')))}.1"
        execute(instance, by(call, someone("bo")), "report", {"picture": other})
        report(instance, picture)
        first = desk(instance, call)[0]
        assert first.picture_id == picture
        details = instance.desk.read(first.id)
        assert timedelta(hours=47) < details.decide_by - now() <= timedelta(hours=48)
        assert "Decide by" in text_of(compose_case(details))
        assert picture in [image.id for image in details.images]

    def test_its_files_stay_until_the_decision(self, instance, call, picture):
        key = row_of(instance, picture).storage_key
        report(instance, picture)
        with instance.database.read() as session:
            assert file_references.find_unneeded(session, {key}) == set()

    @pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.SPOILER])
    def test_if_it_stays_everything_is_there_again_and_passes(self, instance, call, picture, decision):
        other = alike_elsewhere(instance, call)
        report(instance, picture)
        decide(instance, call, case_of(instance, picture), decision)
        assert is_there(instance, picture)
        assert is_there(instance, f"{other}.1")
        assert not is_blocked(instance, ELSEWHERE)

    def test_if_it_goes_so_do_the_look_alikes_and_stay_blocked(self, instance, call, picture):
        other = alike_elsewhere(instance, call)
        key = row_of(instance, f"{other}.1").storage_key
        report(instance, picture)
        decide(instance, call, case_of(instance, picture), Decision.REJECT)
        assert not is_there(instance, picture)
        assert not is_there(instance, f"{other}.1")
        assert row_of(instance, f"{other}.1").hidden_by is None
        with instance.database.begin() as session:
            session.execute(update(PictureRow).values(appeal_until=None))  # the time to appeal is over
        with instance.database.read() as session:
            assert key in file_references.find_unneeded(session, {key})
        assert is_blocked(instance, ELSEWHERE)

    def test_an_ordinary_report_found_unfounded_does_not_bring_it_back(self, instance, call, picture):
        reported(instance, call, picture.partition(".")[0])
        ordinary = case_of(instance, picture)
        report(instance, picture)
        decide(instance, call, ordinary, Decision.APPROVE)
        assert not is_there(instance, picture)

    def test_a_second_report_of_a_hidden_picture_gets_a_receipt(self, instance, call, picture):
        first, second = report(instance, picture), report(instance, picture)
        decide(instance, call, case_of(instance, picture), Decision.REJECT)
        outcomes = {instance.desk.read_report(code).outcome for code in (first, second)}
        assert outcomes == {ReportOutcome.REMOVED}

    def test_one_that_stayed_is_not_hidden_again_by_the_same_report(self, instance, call, picture):
        report(instance, picture)
        decide(instance, call, case_of(instance, picture), Decision.APPROVE)
        report(instance, picture)
        assert is_there(instance, picture)

    def test_one_that_stayed_gets_another_case_when_it_is_reported_again(self, instance, call, picture):
        report(instance, picture)
        decide(instance, call, case_of(instance, picture), Decision.APPROVE)
        code = report(instance, picture, words="it is me after all")
        assert instance.desk.read_report(code).outcome is ReportOutcome.WAITING
        report(instance, picture)
        _, second = _cases(instance)
        assert second.words == "it is me after all"
        decide(instance, call, second, Decision.REJECT)
        assert not is_there(instance, picture)
        assert instance.desk.read_report(code).outcome is ReportOutcome.REMOVED

    def test_beyond_the_most_of_a_day_a_report_is_filed_and_hides_nothing(
        self, instance, call, picture, monkeypatch
    ):
        report(instance, picture, hides=False)
        assert is_there(instance, picture)
        monkeypatch.setattr(outside_reports, "MOST_HIDES_A_DAY", 0)
        report(instance, picture)
        assert is_there(instance, picture)
        monkeypatch.undo()
        report(instance, picture)
        assert not is_there(instance, picture)
        assert len(_cases(instance)) == 1

    def test_forget_me_takes_a_hidden_picture_for_good(self, instance, call, picture):
        report(instance, picture)
        execute(instance, by(call, call.person, "f"), "forget-me", {"confirm": "yes"})
        row = row_of(instance, picture)
        assert (row.deleted_at is not None, row.hidden_by) == (True, None)
        decide(instance, call, case_of(instance, picture), Decision.APPROVE, MOD)
        assert not is_there(instance, picture)


class TestLookAlikes:
    """Two urgent reports, the second of a picture that the first one hid already."""

    def test_what_was_taken_down_itself_does_not_come_back_with_the_other(self, instance, call, picture):
        other = f"{alike_elsewhere(instance, call)}.1"
        report(instance, picture)
        report(instance, other)
        decide(instance, call, case_of(instance, other), Decision.REJECT, ELSEWHERE_MOD)
        row = row_of(instance, other)
        assert (row.deleted_at is not None, row.hidden_by) == (True, None)
        assert row_of(instance, picture).hidden_by == case_of(instance, picture).id
        decide(instance, call, case_of(instance, picture), Decision.APPROVE)
        assert (is_there(instance, picture), is_there(instance, other)) == (True, False)
        assert is_blocked(instance, call.person)

    def test_what_waits_for_its_own_decision_stays_hidden(self, instance, call, picture):
        other = f"{alike_elsewhere(instance, call)}.1"
        report(instance, picture)
        report(instance, other)
        decide(instance, call, case_of(instance, picture), Decision.APPROVE)
        assert (is_there(instance, picture), is_there(instance, other)) == (True, False)
        assert is_blocked(instance, call.person)
        decide(instance, call, case_of(instance, other), Decision.APPROVE, ELSEWHERE_MOD)
        assert is_there(instance, other)
        assert not is_blocked(instance, call.person)

    def test_an_ordinary_report_takes_a_picture_down_that_another_case_hides(self, instance, call, picture):
        other = f"{alike_elsewhere(instance, call)}.1"
        report(instance, other, ReportReason.OTHER)
        report(instance, picture)
        decide(instance, call, case_of(instance, other), Decision.REJECT, ELSEWHERE_MOD)
        decide(instance, call, case_of(instance, picture), Decision.APPROVE)
        assert not is_there(instance, other)


class TestChildren:
    def test_the_picture_is_hidden_and_preserved_for_the_authorities(self, instance, call, picture):
        report(instance, picture, ReportReason.CHILD)
        assert not is_there(instance, picture)
        with instance.database.read() as session:
            (row,) = list_evidence(session)
        found = decrypt(CIPHER, row)
        assert found.manifest["account"] == call.person.key
        assert list(found.files) == ["picture.png"]
        decide(instance, call, case_of(instance, picture), Decision.REJECT)
        with instance.database.read() as session:
            assert len(list_evidence(session)) == 1

    def test_a_report_that_is_unfounded_leaves_nothing_preserved(self, instance, call, picture):
        report(instance, picture, ReportReason.CHILD)
        decide(instance, call, case_of(instance, picture), Decision.APPROVE)
        with instance.database.read() as session:
            assert list_evidence(session) == []

    def test_a_file_that_cannot_be_read_undoes_neither_report_nor_hiding(
        self, instance, call, picture, monkeypatch
    ):
        get = instance.store.get

        def fail(key):
            raise StorageError("down")

        monkeypatch.setattr(instance.store, "get", fail)
        code = report(instance, picture, ReportReason.CHILD)
        assert instance.desk.read_report(code).outcome is ReportOutcome.WAITING
        assert not is_there(instance, picture)
        monkeypatch.setattr(instance.store, "get", get)
        for _ in range(2):
            claim(instance, call, case_of(instance, picture))
        with instance.database.read() as session:
            (row,) = list_evidence(session)
        assert list(decrypt(CIPHER, row).files) == ["picture.png"]

    def test_an_ordinary_report_found_unfounded_later_releases_nothing_of_an_upheld_one(
        self, instance, call, picture
    ):
        reported(instance, call, picture.partition(".")[0])
        ordinary = case_of(instance, picture)
        report(instance, picture, ReportReason.CHILD)
        urgent = next(case for case in _cases(instance) if case.picture_id == picture and case != ordinary)
        claim(instance, call, ordinary, BEA)  # it is left open for her
        decide(instance, call, urgent, Decision.REJECT)
        decide(instance, call, ordinary, Decision.APPROVE, BEA)
        assert is_blocked(instance, ELSEWHERE)
        with instance.database.read() as session:
            assert len(list_evidence(session)) == 1


class TestMembers:
    def file(self, instance, call, picture, name="bo", **values):
        return execute(
            instance, by(call, someone(name)), "report", {"picture": picture, "intimate": True, **values}
        )

    def test_an_intimate_picture_is_hidden_and_decided_within_48_hours(self, instance, call, picture):
        elsewhere = alike_elsewhere(instance, call)
        filed = self.file(instance, call, picture, reason="that is me")
        assert not filed.repeated
        assert not is_there(instance, picture)
        assert not is_there(instance, f"{elsewhere}.1")
        assert is_blocked(instance, ELSEWHERE)
        details = claim(instance, call, desk(instance, call)[0])
        assert (details.case.rule, details.case.words) == ("intimate picture", "that is me")
        assert timedelta(hours=47) < details.decide_by - now() <= timedelta(hours=48)
        decide(instance, call, filed.case, Decision.APPROVE)
        assert is_there(instance, picture)
        assert not is_blocked(instance, ELSEWHERE)

    def test_after_an_ordinary_report_it_can_still_be_filed_and_once_only(self, instance, call, picture):
        reported(instance, call, picture.partition(".")[0])
        first = self.file(instance, call, picture)
        with instance.database.read() as session:
            row = session.get_one(CaseRow, first.case.id)
        assert row.rule == "intimate picture"
        assert len([case for case in _cases(instance) if case.rule == row.rule]) == 1

    def test_who_reports_very_many_hides_no_more(self, instance, call, picture, monkeypatch):
        monkeypatch.setattr("moderation.reports.member_reports.MOST_HIDES", 0)
        self.file(instance, call, picture)
        assert is_there(instance, picture)
        assert [case.rule for case in desk(instance, call)] == ["intimate picture"]

    def test_names_from_one_address_and_newcomers_share_what_they_hide(self, instance, call, monkeypatch):
        jobs = [paint_job(instance, imagine(instance, by(call, call.person, mark))) for mark in "abcd"]
        a, b, c, d = (f"{job}.1" for job in jobs)
        with instance.database.begin() as session:
            for name, address in (("bo", "here"), ("cy", "here"), ("dee", "there")):
                lock_person(session, someone(name))
                newcomer_origins.record_origin(session, someone(name).key, [ADDRESS + address])
        monkeypatch.setattr("moderation.reports.member_reports.MOST_HIDES", 1)
        monkeypatch.setattr("moderation.reports.member_reports.MOST_NEWCOMER_HIDES", 2)
        for picture, name in ((a, "bo"), (b, "cy"), (c, "dee")):
            self.file(instance, call, picture, name)
        assert [is_there(instance, picture) for picture in (a, b, c)] == [False, True, True]
        with instance.database.begin() as session:
            session.get_one(PersonRow, someone("dee").key).first_seen_at -= timedelta(days=2)
        monkeypatch.setattr("moderation.reports.member_reports.MOST_HIDES", 2)
        self.file(instance, by(call, call.person, "again"), d, "dee")
        assert not is_there(instance, d)

    def test_the_form_asks_for_it(self, instance, call, picture):
        values = command_of("report", {"picture": picture}, {"topic": "intimate", "reason": "me"})
        assert values == {"picture": picture, "intimate": True, "reason": "me"}

    def test_no_ordinary_report_decides_that_a_child_is_shown(self, instance, call, picture):
        reported(instance, call, picture.partition(".")[0])
        report(instance, picture, ReportReason.CHILD)
        ordinary = next(case for case in _cases(instance) if case.rule == "report")
        decide(instance, call, ordinary, Decision.REJECT)
        child = next(case for case in _cases(instance) if case.rule == "sexualised child")
        assert child.decision is None
        decide(instance, call, child, Decision.REJECT)
        assert row_of(instance, picture).appeal_until is None
