"""Words of a community, tried before they apply; lockdowns; what moderators read of a person."""

from datetime import timedelta

import pytest

from moderation.rules.community_words import CommunityWords
from moderation.rules.prompt.subject import PromptSubject
from studio.clock import now
from studio.commands.moderation.raid_signs import find_raid_signs
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import cases, queries, settings
from studio.db.identities.people import lock_person
from studio.db.tables import PersonRow
from studio.domain.cases import URGENT, CaseKind, NewCase
from studio.domain.jobs import JobState
from studio.domain.verdicts import Ruling
from studio.errors import BadParameterError, NotAllowedError, PolicyRefusalError
from tests.support.case_sim import with_desk, with_gate
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job

ANA, BO = someone("ana"), someone("bo")
MO = someone("mo", moderator=True)


def judged(words, prompt):
    return CommunityWords.of(words).judge(PromptSubject(prompt=prompt))


@pytest.mark.parametrize(
    ("prompt", "ruling"),
    [
        ("a clown at the sea", Ruling.REFUSE),
        ("a c.l.o.w.n at the sea", Ruling.REFUSE),
        ("a Circus Tent", Ruling.HOLD),
        ("a clown in a circus tent", Ruling.REFUSE),
        ("a clownfish", None),
        ("a clown fish in a reef", None),
        ("a clown fish and a clown", Ruling.REFUSE),
        ("a tent", None),
    ],
)
def test_words_are_refused_held_and_excused(prompt, ruling):
    found = judged({"clown": "refuse", "circus tent": "hold", "clown fish": "allow"}, prompt)
    assert (found.ruling if found else None) is ruling


def test_an_action_of_a_later_version_is_left_out():
    assert judged({"clown": "blur"}, "a clown") is None


@pytest.fixture
def desk(ports):
    return with_desk(ports)


def ask(ports, asker, command, /, request_key="r", **values):
    return execute(ports, Call(person=asker, address=somewhere(), request_key=request_key), command, values)


def test_words_are_tried_on_the_last_month_before_they_apply(ports):
    desk = with_gate(ports)
    for number, prompt in enumerate(("a clown", "a red apple", "a circus tent")):
        ask(desk, ANA, "imagine", request_key=f"i{number}", prompt=prompt, count=1)
    answer = ask(desk, MO, "words", words="Clown,  circus   tent", action="hold")
    assert (answer.trial.requests, answer.trial.refused, answer.trial.held) == (3, 0, 2)
    assert not answer.applied
    with desk.database.read() as session:
        assert not settings.community_rules(session, MO.platform, MO.community).words
    answer = ask(desk, MO, "words", words="clown", action="refuse", apply="yes")
    assert answer.words == {"clown": "refuse"}
    assert ask(desk, MO, "words").words == {"clown": "refuse"}
    assert ask(desk, MO, "words", words="clown", action="remove").words == {}


def test_words_are_for_moderators_and_bounded(desk):
    with pytest.raises(NotAllowedError):
        ask(desk, ANA, "words")
    with pytest.raises(BadParameterError):
        ask(desk, MO, "words", words="x" * 61)


def test_a_lockdown_lasts_an_hour_and_can_be_ended(desk):
    rules = ask(desk, MO, "community", setting="lockdown", value="all").rules
    assert rules.holds_newcomers(now())
    assert rules.pauses_uploads(now())
    assert not rules.holds_newcomers(now() + timedelta(hours=1))
    only = ask(desk, MO, "community", setting="lockdown", value="off").rules
    assert (only.newcomers_held_until, only.uploads_paused_until) == (None, None)
    only = ask(desk, MO, "community", setting="lockdown", value="uploads").rules
    assert not only.holds_newcomers(now())
    with pytest.raises(BadParameterError):
        ask(desk, MO, "community", setting="lockdown", value="everything")


@pytest.fixture
def gate(ports):
    return with_gate(ports)


def test_a_lockdown_holds_newcomers_and_refuses_uploads(gate):
    states, desk = [], gate
    for number, value in enumerate(("off", "all")):
        ask(desk, MO, "community", setting="lockdown", value=value)
        job_id = ask(desk, ANA, "imagine", request_key=f"n{number}", prompt="a red apple", count=1).job_id
        with desk.database.read() as session:
            states.append(queries.find_job(session, job_id).state)
    assert states == [JobState.QUEUED, JobState.HELD]
    with pytest.raises(NotAllowedError) as refusal:
        desk.gate.admit_upload(ANA)
    assert refusal.value.reason == "uploads_paused"
    desk.gate.admit_upload(MO)


def test_a_word_of_the_community_refuses_a_request(gate):
    ask(gate, MO, "words", words="clown", apply="yes")
    with pytest.raises(PolicyRefusalError) as refusal:
        ask(gate, ANA, "imagine", prompt="a clown", count=1)
    assert refusal.value.rule == "community_words"


def test_a_jump_of_joins_is_told_and_an_ordinary_day_is_not(ports):
    with ports.database.begin() as session:
        for number in range(30):
            lock_person(session, someone(f"p{number}"))
    with ports.database.read() as session:
        assert find_raid_signs(session, MO, at=now()).joins == 30
        later = now() + timedelta(minutes=20)
        assert find_raid_signs(session, MO, at=later) is None
    with ports.database.begin() as session:  # as many came in every quarter of an hour of the week
        for row in session.query(PersonRow).all():
            row.first_seen_at = now() - timedelta(days=1)
        for number in range(5):
            lock_person(session, someone(f"q{number}"))
    with ports.database.read() as session:
        assert find_raid_signs(session, MO, at=now()) is None


# ---- a person's page


def open_report(ports, number):
    with ports.database.begin() as session:
        for person in (ANA, BO, MO):
            lock_person(session, person)
        new = NewCase(case_key=f"r{number}", kind=CaseKind.HOLD, subject=BO)
        return cases.open_case(session, new)[0].id


def test_a_page_shows_notes_and_open_cases_and_decides_them_together(desk):
    job_id = ask(desk, BO, "imagine", prompt="a blue pear", count=1).job_id
    paint_job(desk, job_id)
    opened = {open_report(desk, number) for number in range(2)}
    found = ask(desk, MO, "person", person=BO.key, note="asked for the same five times").file
    assert {case.id for case in found.open_cases} == opened
    assert [note.words for note in found.notes] == ["asked for the same five times"]
    assert [job.id for job in found.recent] == [job_id]
    answer = ask(desk, MO, "person", person=BO.key, decide="reject")
    assert (answer.decided, answer.left) == (2, 0)
    assert not answer.file.open_cases


def test_urgent_reports_are_not_decided_together_with_others(desk):
    open_report(desk, 1)
    with desk.database.begin() as session:
        new = NewCase(case_key="urgent", kind=CaseKind.REPORT, subject=BO, weight=URGENT)
        urgent, _ = cases.open_case(session, new)
    answer = ask(desk, MO, "person", person=BO.key, decide="approve")
    assert (answer.decided, answer.left) == (1, 1)
    assert [case.id for case in answer.file.open_cases] == [urgent.id]


def test_a_page_is_for_the_moderators_of_that_community(desk):
    open_report(desk, 1)
    with pytest.raises(NotAllowedError):
        ask(desk, ANA, "person", person=BO.key)
    with pytest.raises(NotAllowedError):
        ask(desk, MO, "person", person="discord:elsewhere:1")


def test_a_note_goes_when_the_person_is_forgotten(desk):
    open_report(desk, 1)
    ask(desk, MO, "person", person=BO.key, decide="approve")
    ask(desk, MO, "person", person=BO.key, note="a note")
    desk.desk.forget(BO)
    assert not desk.desk.read_person(MO, BO.key).notes
