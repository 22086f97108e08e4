"""The words of a held request: encrypted while they wait, read by who claims the case, gone after the review."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from bots.presentation.compose.cases import compose_case
from moderation.cases.retention import let_go
from moderation.policy import evidence_phrases
from moderation.policy.categories import Category
from moderation.records import audit_log, case_words, evidence
from studio.clock import now
from studio.commands.registry import execute
from studio.db.tables import EvidenceRow
from studio.db.tables.columns import Base
from studio.domain.cases import CaseKind, Decision
from studio.domain.identifiers import new_job_id
from studio.domain.jobs import JobState
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import NotAllowedError, NotFoundError
from studio.ports import Admission
from studio.serialization import to_json
from tests.support.case_sim import CIPHER, with_desk, with_gate
from tests.support.case_steps import BEA, MOD, by, claim, decide, held, imagine, job_of, only_case, painted
from tests.support.message_text import text_of
from tests.support.sentences import raises

WORDS = "a doubtful apple"
LATER = timedelta(seconds=1)


@pytest.fixture
def strict(ports):
    return with_gate(ports)


@pytest.fixture
def waiting(strict, call):
    asked = {"prompt": WORDS, "negative": "a pear", "count": 2}
    job_id = execute(strict, call, "imagine", asked).job_id
    return job_id, only_case(strict, CaseKind.HOLD)


def evidence_rows(instance):
    with instance.database.read() as session:
        return evidence.list_evidence(session)


def expire(instance):
    with instance.database.begin() as session:
        session.execute(update(EvidenceRow).values(expires_at=now() - LATER))
    let_go(instance.database, keep=timedelta(days=365))


def test_no_table_holds_them_in_the_clear_while_they_wait(strict, waiting):
    with strict.database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                assert not any(word in str(row) for word in ("apple", "pear", "doubtful")), table.name


def test_no_statement_writes_them_in_the_clear(strict, call):
    written = []
    listening = strict.database.engine, "before_cursor_execute", lambda *values: written.append(values[2:4])
    event.listen(*listening)
    execute(strict, call, "imagine", {"prompt": WORDS})
    event.remove(*listening)
    assert any("INSERT INTO jobs" in statement for statement, _ in written)
    assert not any("apple" in str(values) for _, values in written)


@pytest.mark.parametrize(
    ("found", "quotes"),
    [
        ("少女", True),
        ("doubtful (letters only)", True),
        ("deceptions", True),
        ("deception: 0.93", False),
        (f"{evidence_phrases.LISTED_WORD} · de", False),
    ],
)
def test_what_a_rule_found_is_encrypted_unless_it_is_a_phrase_or_a_score(strict, call, found, quotes):
    verdict = Verdict(ruling=Ruling.HOLD, rule="wording", category=Category.DECEPTION, evidence=found)
    request = PaintRequest(
        operation=Operation.IMAGINE, prompt="裸の少女の絵, d.o.u.b.t.f.u.l", model="toy", seed=1
    )
    admission = Admission(
        person=call.person, command="imagine", request=request, outstanding_jobs=0, job_id=new_job_id()
    )
    with strict.database.begin() as session:
        sealed = case_words.seal_words(session, CIPHER, admission, verdict)
    assert sealed.evidence == ("" if quotes else found)


def test_they_are_read_by_the_moderator_who_claims_the_case_and_each_reading_is_recorded(
    strict, call, waiting
):
    _, case = waiting
    in_the_channel = text_of(compose_case(strict.desk.read(case.id)))
    assert "apple" not in in_the_channel
    assert "Claim the case to read it" in in_the_channel
    assert strict.desk.preview(MOD, [case])[case.id].encrypted
    details = claim(strict, call, case)
    shown = text_of(compose_case(details, taken=True))
    assert WORDS in shown
    assert "a pear" in shown
    assert "found doubtful" in shown  # what the rule found quotes them
    assert "apple" not in text_of(compose_case(strict.desk.read(case.id)))
    with strict.database.read() as session:
        assert [entry["action"] for entry in audit_log.export(session)][-1] == "read words"
        assert audit_log.verify(session).whole


def test_what_is_let_through_has_its_words_again_and_no_evidence_stays(strict, call, waiting):
    job_id, case = waiting
    decide(strict, call, case, Decision.APPROVE)
    job = job_of(strict, job_id)
    assert (job.state, job.request.prompt, job.request.negative_prompt) == (JobState.QUEUED, WORDS, "a pear")
    assert evidence_rows(strict) == []


def test_after_a_rejection_an_appeal_can_still_bring_them_back(strict, call, waiting):
    job_id, case = waiting
    decide(strict, call, case, Decision.REJECT)
    assert WORDS not in to_json(job_of(strict, job_id).request)
    execute(strict, by(call, call.person, "a"), "appeal", {"job": job_id, "reason": "a still life"})
    appeal = only_case(strict, CaseKind.APPEAL)
    assert WORDS in text_of(compose_case(claim(strict, call, appeal, BEA), taken=True))
    decide(strict, call, appeal, Decision.OVERTURN, BEA)
    assert job_of(strict, job_id).request.prompt == WORDS
    assert evidence_rows(strict) == []


def test_a_rejected_appeal_erases_them_and_a_legal_hold_keeps_them(strict, call, waiting):
    job_id, case = waiting
    decide(strict, call, case, Decision.REJECT)
    execute(strict, by(call, call.person, "a"), "appeal", {"job": job_id, "reason": "a still life"})
    (row,) = evidence_rows(strict)
    with strict.database.begin() as session:
        evidence.set_legal_hold(session, row.id, reason="case 12/2026")
    decide(strict, call, only_case(strict, CaseKind.APPEAL), Decision.REJECT, BEA)
    expire(strict)
    assert [row.legal_hold for row in evidence_rows(strict)] == ["case 12/2026"]
    with strict.database.begin() as session:
        evidence.set_legal_hold(session, row.id, reason="")
    expire(strict)
    assert evidence_rows(strict) == []


def test_words_that_nobody_reads_in_time_go_and_the_request_is_refused_for_good(strict, call, waiting):
    job_id, _ = waiting
    expire(strict)
    assert evidence_rows(strict) == []
    job = job_of(strict, job_id)
    assert (job.state, job.appealable) == (JobState.REFUSED, False)
    assert only_case(strict).decision is Decision.REJECT


def test_words_of_a_rejected_request_go_with_the_time_to_appeal_unless_an_appeal_waits(strict, call, waiting):
    job_id, case = waiting
    decide(strict, call, case, Decision.REJECT)
    execute(strict, by(call, call.person, "a"), "appeal", {"job": job_id, "reason": "a still life"})
    expire(strict)
    assert len(evidence_rows(strict)) == 1
    decide(strict, call, only_case(strict, CaseKind.APPEAL), Decision.REJECT, BEA)
    assert evidence_rows(strict) == []


def test_nobody_is_suspended_for_words_that_the_moderator_did_not_read(strict, call, waiting):
    _, case = waiting
    with raises(NotAllowedError, match="Claim the case first"):
        decide(strict, call, case, Decision.SUSPEND)
    claim(strict, call, case)
    decide(strict, call, case, Decision.SUSPEND)


def test_with_another_key_a_request_is_only_rejected(strict, call, waiting, monkeypatch):
    _, case = waiting
    monkeypatch.setattr(CIPHER, "_find_key", lambda: bytes(32))
    assert "can only be rejected" in text_of(compose_case(claim(strict, call, case), taken=True))
    with raises(NotAllowedError, match="cannot be let through"):
        decide(strict, call, case, Decision.APPROVE)
    decide(strict, call, case, Decision.REJECT)


def test_words_that_an_earlier_version_kept_in_the_clear_are_read_and_let_through(ports, call):
    instance = with_desk(ports)
    job_id, case = held(instance, call)  # by a gate without a key
    assert "a red apple" in text_of(compose_case(claim(instance, call, case), taken=True))
    decide(instance, call, case, Decision.APPROVE)
    assert job_of(instance, job_id).request.prompt == "a red apple"


def test_without_a_key_nothing_is_encrypted(ports, call):
    open_gate = with_gate(ports, cipher=None)
    job_id = imagine(open_gate, call, WORDS)
    assert job_of(open_gate, job_id).request.prompt == WORDS
    assert evidence_rows(open_gate) == []


def test_the_words_of_somebody_who_was_forgotten_go_with_the_decision(strict, call, waiting):
    _, case = waiting
    execute(strict, by(call, call.person, "f"), "forget-me", {"confirm": "yes"})
    assert len(evidence_rows(strict)) == 1  # as all that an open case says of them
    decide(strict, call, case, Decision.REJECT)
    let_go(strict.database, keep=timedelta(days=365))
    assert evidence_rows(strict) == []


@pytest.mark.parametrize(("command", "values"), [("forget-me", {"confirm": "yes"}), ("cancel", {})])
def test_what_ended_while_it_waited_stays_without_its_words_when_it_is_let_through(
    strict, call, waiting, command, values
):
    job_id, case = waiting
    execute(strict, by(call, call.person, "e"), command, values or {"job": job_id})
    decide(strict, call, case, Decision.APPROVE)
    let_go(strict.database, keep=timedelta(days=365))
    job = job_of(strict, job_id)
    assert job.state is JobState.CANCELLED
    assert not any(word in to_json(job.request) for word in ("apple", "pear"))
    assert evidence_rows(strict) == []


@pytest.mark.parametrize("ends", ["waits", "is rejected", "is cancelled and let through"])
def test_a_request_with_a_picture_is_not_repeated_without_its_words(strict, call, ends):
    picture = f"{painted(strict, call)}.1"
    asked = {"picture": picture, "prompt": WORDS}
    job_id = execute(strict, by(call, call.person, "v"), "vary", asked).job_id
    case = only_case(strict, CaseKind.HOLD)
    if ends == "is cancelled and let through":
        execute(strict, by(call, call.person, "c"), "cancel", {"job": job_id})
    if ends != "waits":
        decide(strict, call, case, Decision.REJECT if ends == "is rejected" else Decision.APPROVE)
    with raises(NotFoundError, match="was deleted"):
        execute(strict, by(call, call.person, "r"), "reroll", {"job": job_id})
