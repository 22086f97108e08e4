"""Where nobody moderates: nobody is locked out for ever, and nobody is promised a moderator."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from bots.discord.guilds.members import community_of
from bots.texts.coded.sentences import say_stored
from chatelier.doctor.moderation import moderators
from chatelier.settings import load_settings, read_settings
from chatelier.wiring import moderation as wiring
from moderation.gate import ModerationGate
from moderation.policy.categories import Category
from moderation.policy.findings import Finding, weigh
from moderation.records.tables import StrikeRow
from moderation.rules.image import ImageSubject
from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt_judge import PromptJudge
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.results import ReportFiled
from studio.commands.spec import Call
from studio.db.tables import BanRow, CaseRow, JobRow, NoticeRow
from studio.domain.people import Person, Platform
from studio.domain.verdicts import Ruling
from studio.errors import BannedError, NotAllowedError, PolicyRefusalError
from studio.ports import Inspected, Inspection, Ports
from tests.support.case_sim import with_gate
from tests.support.fakes import open_empty, someone, somewhere
from tests.support.sentences import error_text, raises

INVITE = "CHATELIER_WEB__MODERATOR_INVITE"
ANA = someone("ana")


@pytest.fixture
def instance(ports: Ports) -> Ports:
    return with_gate(ports, holds=False, unmoderated=frozenset({Platform.WEB}))


def ask(instance: Ports, command: str = "imagine", person: Person = ANA, **values: Any) -> Any:
    address = replace(somewhere(), platform=person.platform, community=person.community)
    call = Call(person=person, address=address, request_key=f"{person.key}:{command}:{values}")
    return execute(instance, call, command, values)


def refused(instance: Ports, prompt: str, person: Person = ANA) -> PolicyRefusalError:
    with pytest.raises(PolicyRefusalError) as caught:
        ask(instance, prompt=prompt, person=person)
    return caught.value


def hours_pass(instance: Ports, hours: float) -> None:
    with instance.database.begin() as session:
        for row in session.scalars(select(BanRow)):
            row.created_at -= timedelta(hours=hours)
            row.until = row.until and row.until - timedelta(hours=hours)


def test_a_core_refusal_leads_to_a_cooling_off_that_ends_by_itself(instance: Ports) -> None:
    refused(instance, "a minor thing")
    with pytest.raises(BannedError) as caught:
        ask(instance, prompt="a red fox")
    assert caught.value.until is not None
    assert caught.value.until - now() <= timedelta(hours=1)
    assert "ends by itself" in error_text(caught.value)
    assert INVITE in error_text(caught.value)
    assert "tell you more" not in error_text(caught.value)
    hours_pass(instance, 1)
    ask(instance, prompt="a red fox")


def test_nobody_waits_for_a_human_who_does_not_exist(instance: Ports) -> None:
    ask(instance, prompt="a red fox")
    refused(instance, "a minor thing")
    with instance.database.read() as session:
        assert session.scalars(select(CaseRow)).all() == []
        (notice,) = session.scalars(select(NoticeRow.text)).all()
        stopped = session.scalars(select(JobRow.error_text).where(JobRow.error_code == "banned")).one()
    assert "moderator" not in f"{say_stored(notice)} {say_stored(stopped)}"


def test_however_often_it_happens_it_lasts_a_day_at_most(instance: Ports) -> None:
    for number in range(40):
        refused(instance, f"a violent thing {number}" if number else "a minor thing")
        with instance.database.read() as session:
            ends = session.scalars(select(BanRow.until)).all()
        assert all(until and until - now() <= timedelta(days=1) for until in ends)
        hours_pass(instance, 24)


def test_where_somebody_moderates_the_core_freezes_until_a_human_looked(ports: Ports) -> None:
    instance = with_gate(ports)
    refused(instance, "a minor thing")
    with raises(BannedError, match="A moderator can tell you more") as caught:
        ask(instance, prompt="a red fox")
    assert caught.value.until is None


def test_whom_an_earlier_version_locked_out_for_ever_gets_back_in(instance: Ports) -> None:
    ban = {"reason": "suspension", "until": None, "created_at": now() - timedelta(hours=23)}
    with instance.database.begin() as session:
        session.add(BanRow(person_key=ANA.key, banned_by="web:room:house", **ban))
    with pytest.raises(BannedError):
        ask(instance, prompt="a red fox")
    hours_pass(instance, 1)
    ask(instance, prompt="a red fox")


@pytest.mark.parametrize("by", ["web:room:mod", "web:elsewhere:house"])
def test_what_a_moderator_or_another_community_imposed_holds(instance: Ports, by: str) -> None:
    with instance.database.begin() as session:
        session.add(
            BanRow(person_key=ANA.key, banned_by=by, until=None, created_at=now() - timedelta(days=9))
        )
    with pytest.raises(BannedError):
        ask(instance, prompt="a red fox")


def test_there_is_no_appeal_and_the_refusal_says_why(instance: Ports) -> None:
    error = refused(instance, "a violent thing")
    assert error.job_id is None
    for part in ("Nobody moderates here", "[categories.violence]", "CHATELIER_MODERATION__POLICY", INVITE):
        assert part in error_text(error), part
    with instance.database.read() as session:
        job = session.scalars(select(JobRow)).one()
    assert job.error_code != PolicyRefusalError.code
    with raises(NotAllowedError, match=INVITE):
        ask(instance, "appeal", job=job.id)
    again = refused(instance, "a violent thing")
    assert (error_text(again), again.job_id) == (error_text(error), None)


def test_once_a_moderator_was_named_an_earlier_refusal_may_be_appealed(instance: Ports, ports: Ports) -> None:
    refused(instance, "a violent thing")
    with instance.database.read() as session:
        job = session.scalars(select(JobRow.id)).one()
    assert isinstance(ask(with_gate(ports), "appeal", job=job), ReportFiled)


def test_a_direct_message_of_discord_is_a_place_without_moderators(ports: Ports) -> None:
    alone = replace(ANA, platform=Platform.DISCORD, community=community_of(None, 77))
    instance = with_gate(ports, holds=False)
    assert "moderators can let such a request through" in error_text(
        refused(instance, "a violent thing", alone)
    )
    refused(instance, "a minor thing", alone)
    with instance.database.read() as session:
        assert session.scalars(select(BanRow.until)).one() is not None


# ---- what every refusal says


class Finds:
    """A rule of one finding."""

    name = "finds"

    def __init__(self, category: Category) -> None:
        self._finding = Finding(ruling=Ruling.REFUSE, rule=self.name, category=category)

    def judge(self, _subject: PromptSubject | ImageSubject) -> Finding:
        return self._finding


@pytest.mark.parametrize("moderated", [True, False])
@pytest.mark.parametrize("kind", ["prompt", "upload", "output"])
def test_a_refusal_says_which_setting_or_moderator_could_change_it(
    ports: Ports, kind: str, moderated: bool
) -> None:
    unmoderated = frozenset() if moderated else frozenset({Platform.WEB})
    for category in set(Category) - {Category.NEWCOMER}:
        rules = [Finds(category)]
        instance = with_gate(
            ports, holds=False, prompt_rules=rules, image_rules=rules, unmoderated=unmoderated
        )
        refusal = refusal_of(instance, kind, someone(f"asks-{category}"))
        if category is Category.MINORS:
            assert "No setting and no moderator changes this." in refusal
        elif moderated and kind != "upload":
            assert "a moderator can let it through" in refusal, category
        else:
            assert "CHATELIER_MODERATION__" in refusal or "No setting changes this." in refusal, category
            assert ("Nobody moderates here" in refusal) == (not moderated), category


def refusal_of(instance: Ports, kind: str, person: Person) -> str:
    """Of a prompt, or of a picture of that kind."""
    if kind == "prompt":
        return error_text(refused(instance, "a red fox", person))
    verdict = instance.gate.inspect(Inspection(kind=Inspected(kind), person=person, png=_png()))
    assert verdict.ruling is Ruling.REFUSE
    return error_text(verdict.refusal())


@cache
def _png() -> bytes:
    file = BytesIO()
    Image.radial_gradient("L").convert("RGB").save(file, "PNG")
    return file.getvalue()


def test_an_unmeasured_language_names_its_setting_where_nobody_looks(ports: Ports) -> None:
    unmoderated = frozenset({Platform.WEB})
    instance = with_gate(ports, holds=False, prompt_rules=[Finds(Category.FOREIGN)], unmoderated=unmoderated)
    assert "`other_languages`" in error_text(refused(instance, "красная лиса"))


def test_only_the_hold_for_a_language_is_left_out_where_any_language_may_pass() -> None:
    foreign = Finding(ruling=Ruling.HOLD, rule="language", category=Category.FOREIGN)
    doubtful = Finding(ruling=Ruling.HOLD, rule="words", category=Category.DECEPTION, score=0.1)

    class Both:
        name = "both"

        def __init__(self, finding: Finding) -> None:
            self._finding = finding

        def judge(self, _subject: PromptSubject) -> Finding:
            return self._finding

    prompt_judge = PromptJudge(rules=[Both(foreign)])
    subject = PromptSubject(prompt="красная лиса")
    assert prompt_judge.judge(subject).ruling is Ruling.HOLD
    assert prompt_judge.judge(subject, any_language=True).allows
    assert weigh([doubtful]).ruling is Ruling.HOLD
    strict = PromptJudge(rules=[Both(replace(foreign, ruling=Ruling.REFUSE))])
    assert strict.judge(subject, any_language=True).ruling is Ruling.REFUSE


# ---- how a moderator is named


@pytest.mark.parametrize("word", ["", "keys"])
def test_the_web_has_moderators_once_there_is_a_secret_for_them(
    word: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    if word:
        monkeypatch.setenv(INVITE, word)
    database = open_empty(f"sqlite:///{tmp_path}/records.sqlite3")
    gate: ModerationGate = wiring.open_gate(load_settings(), database, redis_url=None)
    try:
        if word:
            gate.require_moderators(ANA)
        else:
            with raises(NotAllowedError, match=INVITE):
                gate.require_moderators(ANA)
    finally:
        gate.close()
        database.close()
    (found,) = moderators(read_settings())
    assert (INVITE in str(found)) == (not word)


def test_the_doctor_warns_of_what_would_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_MODERATION__HOLDS", "true")
    (found,) = moderators(read_settings())
    assert "waits for ever" in str(found)


# ---- holds


class Holds:
    """A rule that is in doubt about some words."""

    name = "doubts"

    def __init__(self, category: Category) -> None:
        self._category = category

    def judge(self, subject: PromptSubject) -> Finding | None:
        if not any("doubtful" in text for text in subject.wished):
            return None
        return Finding(ruling=Ruling.HOLD, rule=self.name, category=self._category)


def strikes(instance: Ports) -> list[StrikeRow]:
    with instance.database.read() as session:
        return list(session.scalars(select(StrikeRow)))


def test_a_doubt_of_the_core_rule_is_refused_and_no_strike(ports: Ports) -> None:
    unmoderated = frozenset({Platform.WEB})
    instance = with_gate(ports, holds=False, prompt_rules=[Holds(Category.MINORS)], unmoderated=unmoderated)
    refused(instance, "a doubtful fox")
    assert strikes(instance) == []
    ask(instance, prompt="a red fox")
