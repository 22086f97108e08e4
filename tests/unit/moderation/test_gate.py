"""The gate as the studio sees it: bans, limits, prompts and pictures."""

import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from moderation.context import ModeratedPlaces, ModerationContext
from moderation.gate import ModerationGate
from moderation.limits.rate_limiter import Limiter
from moderation.limits.settings import LimitSettings
from moderation.policy.findings import Finding
from moderation.policy.policy import default_policy
from moderation.records import audit_log, bans
from moderation.records.tables import AuditRow
from moderation.rules.prompt import PromptSubject, default_prompt_rules
from moderation.rules.prompt_judge import PromptJudge
from studio.clock import now
from studio.db.database import Database
from studio.domain.people import Person, Platform
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling
from studio.errors import BannedError, InspectionError, RateLimitedError
from studio.gcra import RateSettings
from studio.ports import Admission, Gate, Inspected, Inspection
from tests.support.fakes import open_empty
from tests.support.sentences import error_text

ADA = Person(platform=Platform.WEB, community="room", user_id="ada", display_name="Ada")
GRACE = Person(platform=Platform.WEB, community="room", user_id="grace", display_name="Grace")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_empty(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    yield database
    database.close()


def asking(prompt: str = "a red apple", person: Person = ADA, lineage: tuple[str, ...] = ()) -> Admission:
    request = PaintRequest(operation=Operation.IMAGINE, seed=1, prompt=prompt)
    return Admission(
        person=person, command="imagine", request=request, outstanding_jobs=0, lineage_prompts=lineage
    )


def words(tmp_path: Path) -> Any:
    path = tmp_path / "words.txt"
    path.write_text("spoiler\n", "utf-8")
    return default_prompt_rules(community_words=path)


def test_an_ordinary_request_is_allowed(database: Database) -> None:
    gate: Gate = ModerationGate(ModerationContext(database=database))
    assert gate.admit(asking()).allows


# ---- bans


def test_a_banned_person_is_turned_away_until_the_ban_is_lifted(database: Database) -> None:
    gate = ModerationGate(ModerationContext(database=database))
    with database.begin() as session:
        bans.ban(session, ADA.key, by=GRACE.key, reason="spam")
    with pytest.raises(BannedError):
        gate.admit(asking())
    assert gate.admit(asking(person=GRACE)).allows
    with database.begin() as session:
        assert bans.unban(session, ADA.key, by=GRACE.key)
        assert not bans.unban(session, ADA.key, by=GRACE.key)
    assert gate.admit(asking()).allows


def test_a_ban_that_has_run_out_does_not_count(database: Database) -> None:
    gate = ModerationGate(ModerationContext(database=database))
    later = now() + timedelta(hours=1)
    with database.begin() as session:
        bans.ban(session, ADA.key, by=GRACE.key, until=later)
        assert bans.find_ban(session, ADA.key)
        assert not bans.find_ban(session, ADA.key, at=later)
    with pytest.raises(BannedError) as refused:
        gate.admit(asking())
    assert refused.value.until == later
    with database.begin() as session:
        bans.ban(session, ADA.key, by=GRACE.key, until=now() - timedelta(seconds=1))
    assert gate.admit(asking()).allows


# ---- limits


def test_a_person_who_asks_too_fast_waits(database: Database) -> None:
    gate = ModerationGate(
        ModerationContext(database=database),
        limiter=Limiter(LimitSettings(burst=RateSettings(requests=2, seconds=600))),
    )
    assert gate.admit(asking()).allows
    assert gate.admit(asking()).allows
    with pytest.raises(RateLimitedError):
        gate.admit(asking())


def test_refused_prompts_count_towards_a_limit_of_their_own(database: Database, tmp_path: Path) -> None:
    limits = LimitSettings(refused=RateSettings(requests=2, seconds=600))
    gate = ModerationGate(
        ModerationContext(database=database),
        limiter=Limiter(limits),
        prompt_judge=PromptJudge(rules=words(tmp_path)),
    )
    for _ in range(2):
        assert gate.admit(asking("a spoiler")).ruling is Ruling.REFUSE
    with pytest.raises(RateLimitedError):
        gate.admit(asking())


# ---- prompts


def test_a_listed_word_is_refused_and_appears_in_no_log(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gate = ModerationGate(
        ModerationContext(database=database), prompt_judge=PromptJudge(rules=words(tmp_path))
    )
    with caplog.at_level(logging.INFO):
        verdict = gate.admit(asking("a $p0iler"))
    assert (verdict.ruling, verdict.rule) == (Ruling.REFUSE, "community_words")
    assert "spoiler" in verdict.evidence
    assert not caplog.text
    with pytest.raises(Exception, match="this community's own list") as refused:
        verdict.raise_if_refused()
    assert "spoiler" not in error_text(refused.value)


def test_a_refusal_is_written_down_without_its_words(database: Database, tmp_path: Path) -> None:
    gate = ModerationGate(
        ModerationContext(database=database), prompt_judge=PromptJudge(rules=words(tmp_path))
    )
    assert gate.admit(asking()).allows
    gate.admit(asking("a spoiler"))
    with database.read() as session:
        entries = list(audit_log.export(session))
    assert [(entry["action"], entry["subject"]) for entry in entries] == [("refuse", ADA.key)]
    assert entries[0]["details"]["policy"] == gate.policy_version
    assert "spoiler" not in str(entries)


def test_a_refusal_stands_when_it_cannot_be_written_down(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gate = ModerationGate(
        ModerationContext(database=database), prompt_judge=PromptJudge(rules=words(tmp_path))
    )
    AuditRow.__table__.drop(database.engine)
    assert gate.admit(asking("a spoiler")).ruling is Ruling.REFUSE
    assert "audit" in caplog.text


def test_the_prompts_of_the_ancestors_are_judged_too(database: Database, tmp_path: Path) -> None:
    gate = ModerationGate(
        ModerationContext(database=database), prompt_judge=PromptJudge(rules=words(tmp_path))
    )
    assert gate.admit(asking("warmer", lineage=("a spoiler",))).ruling is Ruling.REFUSE


def test_the_core_outweighs_every_other_rule(database: Database, tmp_path: Path) -> None:
    gate = ModerationGate(
        ModerationContext(database=database), prompt_judge=PromptJudge(rules=words(tmp_path))
    )
    assert gate.admit(asking("a spoiler and a nude child")).rule == "minors"


class Raising:
    name = "raising"

    def judge(self, subject: PromptSubject) -> Finding | None:
        raise ZeroDivisionError(subject.prompt)


def test_a_prompt_rule_that_fails_leaves_the_decision_to_a_moderator(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    gate = ModerationGate(ModerationContext(database=database), prompt_judge=PromptJudge(rules=[Raising()]))
    assert gate.admit(asking("a red apple")).ruling is Ruling.HOLD
    assert "red apple" not in caplog.text


def test_where_no_moderator_looks_what_would_be_held_is_refused(database: Database) -> None:
    gate = ModerationGate(
        ModerationContext(database=database, places=ModeratedPlaces(holds=False)),
        prompt_judge=PromptJudge(rules=[Raising()]),
    )
    assert gate.admit(asking()).ruling is Ruling.REFUSE


def test_a_review_judges_again_without_counting_or_writing(database: Database, tmp_path: Path) -> None:
    limits = LimitSettings(burst=RateSettings(requests=1, seconds=600))
    gate = ModerationGate(
        ModerationContext(database=database),
        limiter=Limiter(limits),
        prompt_judge=PromptJudge(rules=words(tmp_path)),
    )
    for _ in range(3):
        assert gate.review(asking("a spoiler")).ruling is Ruling.REFUSE
    assert gate.admit(asking()).allows
    with database.begin() as session:
        assert not list(audit_log.export(session))
        bans.ban(session, ADA.key, by=GRACE.key)
    with pytest.raises(BannedError):
        gate.review(asking())


class Warmed:
    name = "warmed"

    def __init__(self) -> None:
        self.times = 0

    def warm_up(self) -> None:
        self.times += 1

    def judge(self, subject: PromptSubject) -> Finding | None:
        return None


def test_rules_that_load_something_heavy_are_warmed_up(database: Database) -> None:
    rule = Warmed()
    gate = ModerationGate(
        ModerationContext(database=database), prompt_judge=PromptJudge(rules=[rule, Raising()])
    )
    gate.warm_up()
    assert rule.times == 1
    assert gate.policy_version == default_policy().version


# ---- pictures


def test_a_picture_that_cannot_be_read_is_not_shown(database: Database) -> None:
    gate = ModerationGate(ModerationContext(database=database))
    with pytest.raises(InspectionError):
        gate.inspect(Inspection(kind=Inspected.OUTPUT, person=ADA, png=b"nothing"))


def test_an_ordinary_picture_is_shown(database: Database) -> None:
    buffer = io.BytesIO()
    Image.radial_gradient("L").save(buffer, "PNG")
    gate = ModerationGate(ModerationContext(database=database))
    assert gate.inspect(Inspection(kind=Inspected.UPLOAD, person=ADA, png=buffer.getvalue())).allows
