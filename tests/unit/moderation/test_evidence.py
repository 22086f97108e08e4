"""Evidence of the worst refusals: who sees it, how long it stays, and what it holds."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select, update

from bots.presentation.compose.cases import compose_case
from moderation.cases import retention
from moderation.cases.retention import let_go
from moderation.cases.strikes import strike_sum
from moderation.policy.categories import Category
from moderation.records import audit_log, evidence
from moderation.records.encryption import EvidenceCipher
from studio.clock import now
from studio.commands.registry import execute
from studio.db import cases
from studio.db.tables import BanRow, EvidenceRow, JobRow, LineageRow
from studio.domain.cases import CaseKind, CaseState, Decision, NewCase
from studio.domain.people import Platform
from studio.domain.verdicts import Ruling
from studio.errors import BannedError, CaseTakenError, ConfigurationError, NotAllowedError, PolicyRefusalError
from studio.ports import Inspected, Inspection
from tests.support.case_sim import CIPHER, Appearance, with_gate
from tests.support.case_steps import (
    BEA,
    MOD,
    by,
    claim,
    decide,
    imagine,
    only_case,
    painted,
    reported,
)
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.message_text import text_of
from tests.support.sentences import raises

WORDS = "a minor thing"


def plain_png(width, height):
    file = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((width, height)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def strict(ports):
    return with_gate(ports)


@pytest.fixture
def frozen(strict, call):
    with pytest.raises(PolicyRefusalError):
        imagine(strict, call, WORDS)
    return only_case(strict, CaseKind.SUSPENSION)


def evidence_rows(instance):
    with instance.database.read() as session:
        return evidence.list_evidence(session)


def actions(instance):
    with instance.database.read() as session:
        assert audit_log.verify(session).whole
        return [entry["action"] for entry in audit_log.export(session)]


class TestWordsOfAFrozenAccount:
    def test_they_are_encrypted_and_shown_to_the_moderator_who_claims_the_case_only(
        self, strict, call, frozen
    ):
        (row,) = evidence_rows(strict)
        assert WORDS.encode() not in row.content
        in_the_channel = text_of(compose_case(strict.desk.read(frozen.id)))
        assert WORDS not in in_the_channel
        assert "Claim the case to read it" in in_the_channel
        details = claim(strict, call, frozen)
        assert details.refused_words == (WORDS,)
        assert WORDS in text_of(compose_case(details, taken=True))
        assert details.job is not None
        assert frozen.rule in text_of(compose_case(details, taken=True))
        assert actions(strict)[-1] == "read words"

    @pytest.mark.parametrize("decision", [Decision.SUSPEND, Decision.BAN])
    def test_nobody_confirms_a_suspension_without_them(self, strict, call, frozen, decision):
        with raises(NotAllowedError, match="Claim the case first"):
            decide(strict, call, frozen, decision)
        claim(strict, call, frozen, BEA)
        with raises(NotAllowedError, match="Claim the case first"):
            decide(strict, call, frozen, decision)
        decide(strict, call, frozen, decision, BEA)
        assert evidence_rows(strict) == []

    def test_a_legal_hold_keeps_them_after_the_review(self, strict, call, frozen):
        (row,) = evidence_rows(strict)
        with strict.database.begin() as session:
            evidence.set_legal_hold(session, row.id, reason="case 12/2026")
        decide(strict, call, frozen, Decision.OVERTURN)
        assert [row.legal_hold for row in evidence_rows(strict)] == ["case 12/2026"]
        with strict.database.begin() as session:
            session.execute(update(EvidenceRow).values(expires_at=now() - timedelta(days=1)))
        let_go(strict.database, keep=timedelta(days=365))
        assert len(evidence_rows(strict)) == 1

    def test_when_they_expire_unread_the_freeze_ends(self, strict, call, frozen):
        with strict.database.begin() as session:
            session.execute(update(EvidenceRow).values(expires_at=now() - timedelta(seconds=1)))
        let_go(strict.database, keep=timedelta(days=365))
        assert evidence_rows(strict) == []
        assert only_case(strict).decision is Decision.OVERTURN
        with strict.database.read() as session:
            assert strike_sum(session, call.person.key) == 0
        imagine(strict, by(call, call.person, "again"))

    def test_when_they_expire_a_moderators_ban_stays(self, strict, call, frozen):
        strict.desk.ban(MOD, call.person.key, until=None, reason="by hand")
        with strict.database.begin() as session:
            session.execute(update(EvidenceRow).values(expires_at=now() - timedelta(seconds=1)))
        let_go(strict.database, keep=timedelta(days=365))
        assert only_case(strict).decision is Decision.OVERTURN
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "again"))

    def test_when_they_expire_another_freeze_stays(self, strict, call, frozen):
        with strict.database.begin() as session:
            session.execute(update(EvidenceRow).values(expires_at=now() - timedelta(seconds=1)))
            new = NewCase(case_key="other", kind=CaseKind.SUSPENSION, subject=call.person)
            cases.open_case(session, new)
        let_go(strict.database, keep=timedelta(days=365))
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "again"))

    def test_a_legal_hold_that_is_set_while_they_expire_keeps_them(self, strict, call, frozen, monkeypatch):
        (row,) = evidence_rows(strict)

        def set_hold(session, who):
            evidence.set_legal_hold(session, row.id, reason="case 12/2026")
            session.flush()

        with strict.database.begin() as session:
            session.execute(update(EvidenceRow).values(expires_at=now() - timedelta(seconds=1)))
        monkeypatch.setattr(retention, "hold", set_hold)
        let_go(strict.database, keep=timedelta(days=365))
        assert len(evidence_rows(strict)) == 1
        assert only_case(strict).state is CaseState.OPEN

    def test_words_that_a_moderator_reads_at_the_moment_do_not_expire(self, strict, call, frozen):
        claim(strict, call, frozen)
        with strict.database.begin() as session:
            session.execute(update(EvidenceRow).values(expires_at=now() - timedelta(seconds=1)))
        let_go(strict.database, keep=timedelta(days=365))
        assert len(evidence_rows(strict)) == 1
        decide(strict, call, frozen, Decision.SUSPEND)

    def test_forget_me_does_not_take_them_from_an_open_case(self, strict, call, frozen):
        execute(strict, by(call, call.person, "f"), "forget-me", {"confirm": "yes"})
        assert claim(strict, call, frozen).refused_words == (WORDS,)

    def test_another_key_reads_nothing(self, strict, frozen):
        (row,) = evidence_rows(strict)
        with pytest.raises(ConfigurationError, match="EVIDENCE_KEY"):
            evidence.decrypt(EvidenceCipher(lambda: bytes(32)), row)

    def test_a_case_whose_words_another_key_encrypted_is_claimed_and_only_overturned(
        self, strict, call, frozen, monkeypatch
    ):
        monkeypatch.setattr(CIPHER, "_find_key", lambda: bytes(32))
        details = claim(strict, call, frozen)
        assert only_case(strict).claimed_by == MOD.key
        assert "can only be overturned" in text_of(compose_case(details, taken=True))
        with pytest.raises(NotAllowedError):
            decide(strict, call, frozen, Decision.BAN)
        decide(strict, call, frozen, Decision.OVERTURN)
        imagine(strict, by(call, call.person, "again"))

    def test_the_words_of_others_are_kept_only_where_moderators_may_see_them(self, strict, call):
        seen, private = (
            paint_job(strict, imagine(strict, by(call, someone("bo"), name), f"a {name} pear"))
            for name in ("green", "secret")
        )
        with strict.database.begin() as session:
            job = session.get_one(JobRow, private)
            job.address = {**job.address, "private": True, "channel": "elsewhere"}
            session.add(
                LineageRow(
                    child=f"{seen}.1", parent=f"{private}.1", operation="vary", person_key=someone("bo").key
                )
            )
        with pytest.raises(PolicyRefusalError):
            execute(strict, call, "vary", {"picture": f"{seen}.1", "prompt": WORDS})
        words = " ".join(claim(strict, call, only_case(strict, CaseKind.SUSPENSION)).refused_words)
        assert WORDS in words
        assert "green" in words
        assert "secret" not in words

    def test_the_frozen_person_tells_their_side_once(self, strict, call, frozen):
        appeal = {"job": frozen.job_id, "reason": "a minor chord"}
        first = execute(strict, by(call, call.person, "a"), "appeal", appeal)
        again = execute(strict, by(call, call.person, "b"), "appeal", appeal)
        assert (first.case.id, first.repeated, again.repeated) == (frozen.id, False, True)
        assert "a minor chord" in text_of(compose_case(claim(strict, call, frozen), taken=True))

    def test_without_a_place_for_them_nobody_is_frozen_for_good(self, ports, call):
        strict = with_gate(ports, cipher=None)
        with pytest.raises(PolicyRefusalError):
            imagine(strict, call, WORDS)
        with strict.database.read() as session:
            (ban,) = session.scalars(select(BanRow))
        assert ban.until is not None

    def test_where_nobody_moderates_none_are_kept(self, ports, call):
        strict = with_gate(ports, unmoderated=frozenset({Platform.WEB}))
        with pytest.raises(PolicyRefusalError):
            imagine(strict, call, WORDS)
        assert evidence_rows(strict) == []


class TestMaterial:
    def bundle(self, instance):
        (row,) = evidence_rows(instance)
        with instance.database.begin() as session:
            return evidence.export(session, CIPHER, row.id)

    def test_a_picture_against_the_core_is_preserved_with_its_file(self, ports, call):
        strict = with_gate(ports, image_rules=[Appearance(Category.MINORS)])
        png = plain_png(64, 64)
        inspection = Inspection(kind=Inspected.UPLOAD, person=call.person, png=png, original=b"as it came")
        assert strict.gate.inspect(inspection).ruling is Ruling.REFUSE
        found = self.bundle(strict)
        assert found.files == {"original": b"as it came", "judged.png": png}
        assert found.manifest["account"] == call.person.key
        assert [len(file["sha256"]) for file in found.manifest["files"]] == [64, 64]
        assert actions(strict)[-1] == "export evidence"

    def test_it_outlasts_the_decision_retention_and_forget_me_until_it_is_released(self, ports, call):
        strict = with_gate(ports, image_rules=[Appearance(Category.MINORS)])
        strict.gate.inspect(Inspection(kind=Inspected.UPLOAD, person=call.person, png=plain_png(64, 64)))
        case = only_case(strict)
        assert "appearance" in str(claim(strict, call, case).refused_words)
        decide(strict, call, case, Decision.BAN)
        execute(strict, by(call, call.person, "f"), "forget-me", {"confirm": "yes"})
        let_go(strict.database, keep=timedelta(days=0))
        assert self.bundle(strict).manifest["account"] == call.person.key
        with strict.database.begin() as session:
            evidence.release(session, evidence_rows(strict)[0].id)
        assert evidence_rows(strict) == []

    def test_it_is_preserved_also_where_nobody_moderates(self, ports, call):
        strict = with_gate(
            ports, image_rules=[Appearance(Category.MINORS)], unmoderated=frozenset({Platform.WEB})
        )
        strict.gate.inspect(Inspection(kind=Inspected.UPLOAD, person=call.person, png=plain_png(64, 64)))
        assert len(evidence_rows(strict)) == 1


class TestTakingBack:
    def test_the_strike_of_a_decided_case_is_taken_back(self, strict, call):
        job_id = painted(strict, call)
        reported(strict, call, job_id)
        case = only_case(strict)
        decide(strict, call, case, Decision.WARN)
        with strict.database.read() as session:
            assert strike_sum(session, call.person.key) > 0
        decide(strict, call, case, Decision.OVERTURN, BEA)
        with strict.database.read() as session:
            assert strike_sum(session, call.person.key) == 0
        assert actions(strict)[-1] == "take back"
        with pytest.raises(CaseTakenError):
            decide(strict, call, case, Decision.OVERTURN, MOD)

    def test_a_confirmed_suspension_is_lifted_with_it(self, strict, call, frozen):
        claim(strict, call, frozen)
        decide(strict, call, frozen, Decision.BAN)
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "late"))
        decide(strict, call, frozen, Decision.OVERTURN, BEA)
        assert only_case(strict).state is CaseState.CLOSED
        imagine(strict, by(call, call.person, "again"))

    @pytest.mark.parametrize("decision", [Decision.SUSPEND, Decision.BAN])
    def test_so_is_one_to_which_a_report_led_but_no_other_ban(self, strict, call, decision):
        reported(strict, call, painted(strict, call))
        case = only_case(strict)
        decide(strict, call, case, decision)
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "late"))
        decide(strict, call, case, Decision.OVERTURN, BEA)
        imagine(strict, by(call, call.person, "again"))

    def test_a_ban_that_a_moderator_imposed_since_stays(self, strict, call):
        reported(strict, call, painted(strict, call))
        case = only_case(strict)
        decide(strict, call, case, Decision.SUSPEND)
        strict.desk.ban(BEA, call.person.key, until=None, reason="by hand")
        decide(strict, call, case, Decision.OVERTURN, BEA)
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "again"))
