"""Strikes, and the warnings, timeouts and suspensions that they lead to."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import delete, select

from moderation.cases.strikes import strike_sum
from moderation.policy.categories import Category
from moderation.records import audit_log, bans
from moderation.records.tables import StrikeRow
from studio.clock import now
from studio.commands.registry import execute
from studio.db.tables import BanRow, JobRow
from studio.domain.cases import CaseKind, Decision, NoticeKind
from studio.domain.jobs import JobState
from studio.domain.verdicts import Ruling
from studio.errors import (
    BannedError,
    PolicyRefusalError,
)
from studio.ports import Inspected, Inspection
from tests.support.case_sim import Appearance, with_desk, with_gate
from tests.support.case_steps import MOD, by, claim, decide, desk, imagine, job_of, notices, only_case


@pytest.fixture
def instance(ports):
    return with_desk(ports)


class TestStrikes:
    """With the real gate."""

    @pytest.fixture
    def strict(self, ports):
        return with_gate(ports)

    def probe(self, strict, call, count, word="violent"):
        for index in range(count):
            with pytest.raises(PolicyRefusalError):
                imagine(strict, by(call, call.person, f"{word}{index}"), f"a {word} thing")

    def test_refusals_lead_to_a_warning_and_then_to_a_timeout(self, strict, call):
        self.probe(strict, call, 4)
        assert notices(strict, call.person.key) == [NoticeKind.WARNING]
        imagine(strict, by(call, call.person, "good"))
        self.probe(strict, by(call, call.person, "more"), 4)
        with pytest.raises(BannedError) as caught:
            imagine(strict, by(call, call.person, "late"))
        left = caught.value.until - now()
        assert timedelta(minutes=58) < left <= timedelta(hours=1)
        assert desk(strict, call) == ()

    def test_small_offences_weigh_nothing(self, strict, call):
        self.probe(strict, call, 9, word="rude")
        assert notices(strict) == []

    def test_strikes_are_forgotten_by_half_every_thirty_days(self, strict, call):
        self.probe(strict, call, 4)
        with strict.database.begin() as session:
            assert strike_sum(session, call.person.key, at=now() + timedelta(days=30)) == pytest.approx(
                0.5, 0.01
            )
            for row in session.scalars(select(StrikeRow)):
                row.at = now() - timedelta(days=60)
            assert strike_sum(session, call.person.key) == pytest.approx(0.25, 0.01)

    def test_the_core_freezes_the_account_at_once_and_asks_a_human(self, strict, call):
        waiting = imagine(strict, by(call, call.person, "w"))
        painting = imagine(strict, by(call, call.person, "p"))
        with strict.database.begin() as session:
            session.get_one(JobRow, painting).state = JobState.PAINTING
        self.probe(strict, call, 1, word="minor")
        assert job_of(strict, waiting).state is JobState.CANCELLED
        assert strict.queue.cancelled == [painting]
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "late"))
        case = only_case(strict, CaseKind.SUSPENSION)
        assert case.subject == call.person.key
        with strict.database.read() as session:
            assert "minor thing" not in str([row.request for row in session.scalars(select(JobRow))])

    def output(self, person, job_id=""):
        file = io.BytesIO()
        Image.radial_gradient("L").convert("RGB").save(file, "PNG")
        return Inspection(kind=Inspected.OUTPUT, person=person, png=file.getvalue(), job_id=job_id)

    def test_a_painted_picture_against_the_core_freezes_the_account_too(self, ports, call):
        strict = with_gate(ports, image_rules=[Appearance(Category.MINORS)])
        job_id = imagine(strict, by(call, call.person, "p"))
        assert strict.gate.inspect(self.output(call.person, job_id)).ruling is Ruling.REFUSE
        assert only_case(strict, CaseKind.SUSPENSION).subject == call.person.key
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "late"))

    def test_other_refused_pictures_weigh_nothing(self, ports, call):
        strict = with_gate(ports, image_rules=[Appearance(Category.SEXUAL)])
        assert strict.gate.inspect(self.output(call.person)).ruling is Ruling.REFUSE
        assert desk(strict, call) == ()
        imagine(strict, by(call, call.person, "again"))

    def test_a_suspension_that_was_a_mistake_is_lifted_with_its_strike(self, strict, call):
        self.probe(strict, call, 1, word="minor")
        decide(strict, call, only_case(strict), Decision.OVERTURN)
        imagine(strict, by(call, call.person, "again"))
        with strict.database.read() as session:
            assert strike_sum(session, call.person.key) == 0
        assert NoticeKind.LIFTED in notices(strict, call.person.key)

    @pytest.mark.parametrize("decision", [Decision.SUSPEND, Decision.BAN])
    def test_a_suspension_that_a_human_confirms_gets_an_end_or_none(self, strict, call, decision):
        self.probe(strict, call, 1, word="minor")
        claim(strict, call, only_case(strict))
        decide(strict, call, only_case(strict), decision)
        with strict.database.read() as session:
            row = session.get_one(BanRow, call.person.key)
        assert (row.until is None, row.banned_by) == (decision is Decision.BAN, MOD.key)

    @pytest.mark.parametrize("decision", [Decision.OVERTURN, Decision.SPOILER])
    def test_a_granted_appeal_takes_the_strike_of_its_request_back(self, strict, call, decision):
        with pytest.raises(PolicyRefusalError) as caught:
            imagine(strict, call, "a violent thing")
        execute(strict, by(call, call.person, "a"), "appeal", {"job": caught.value.job_id})
        decide(strict, call, only_case(strict), decision)
        with strict.database.read() as session:
            assert strike_sum(session, call.person.key) == 0

    def test_an_overturned_appeal_ends_the_timeout_that_its_request_led_to(self, strict, call):
        self.probe(strict, call, 7)
        with pytest.raises(PolicyRefusalError) as caught:
            imagine(strict, by(call, call.person, "last"), "a violent sea")
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "meanwhile"))
        execute(strict, by(call, call.person, "a"), "appeal", {"job": caught.value.job_id})
        decide(strict, call, only_case(strict), Decision.OVERTURN)
        imagine(strict, by(call, call.person, "after"))
        assert NoticeKind.LIFTED in notices(strict, call.person.key)

    def test_an_overturned_appeal_leaves_a_timeout_that_other_strikes_led_to(self, strict, call):
        self.probe(strict, call, 7)
        refused = []
        for index in range(2):
            with strict.database.begin() as session:
                session.execute(delete(BanRow))
            with pytest.raises(PolicyRefusalError) as caught:
                imagine(strict, by(call, call.person, f"last{index}"), "a violent sea")
            refused.append(caught.value.job_id)
        with strict.database.begin() as session:
            bans.ban(
                session,
                call.person.key,
                by=f"{call.person.key.rpartition(':')[0]}:house",
                reason="timeout: violence",
                until=now() + timedelta(hours=1),
            )
        execute(strict, by(call, call.person, "a"), "appeal", {"job": refused[0]})
        decide(strict, call, only_case(strict), Decision.OVERTURN)
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "after"))

    def test_everything_stands_in_the_audit_chain(self, strict, call):
        self.probe(strict, call, 1, word="minor")
        claim(strict, call, only_case(strict))
        decide(strict, call, only_case(strict), Decision.BAN)
        with strict.database.read() as session:
            entries = list(audit_log.export(session))
            assert audit_log.verify(session).whole
        assert [entry["action"] for entry in entries] == [
            *("ban", "refuse"),
            *("claim", "read words"),
            *("ban", "decide"),
        ]
