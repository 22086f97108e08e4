"""What a refused person is told: the words and where they stand, nothing of the core, and no wrong accusation."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from moderation.context import ModeratedPlaces, ModerationContext
from moderation.gate import ModerationGate
from moderation.policy.categories import Category
from moderation.rules.prompt import PromptRule, default_prompt_rules
from moderation.rules.prompt.meaning import Meaning
from moderation.rules.prompt.minors import Minors
from moderation.rules.prompt_judge import PromptJudge
from moderation.text.prompt_classifier import Classifier, ClassifierScores
from studio.db.database import Database
from studio.domain.people import Person, Platform
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import RequestPart, Ruling, Verdict
from studio.errors import PolicyRefusalError
from studio.ports import Admission
from tests.support.fakes import open_empty
from tests.support.sentences import error_text

ADA = Person(platform=Platform.WEB, community="room", user_id="ada", display_name="Ada")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_empty(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    yield database
    database.close()


def listed(tmp_path: Path) -> Sequence[PromptRule]:
    path = tmp_path / "words.txt"
    path.write_text("spoiler\n", "utf-8")
    return default_prompt_rules(community_words=path)


def gate_with(database: Database, rules: Sequence[PromptRule], *, holds: bool = True) -> ModerationGate:
    context = ModerationContext(database=database, places=ModeratedPlaces(holds=holds))
    return ModerationGate(context, prompt_judge=PromptJudge(rules=rules))


def asking(prompt: str = "a hill", *, negative: str = "", lineage: tuple[str, ...] = ()) -> Admission:
    request = PaintRequest(operation=Operation.IMAGINE, seed=1, prompt=prompt, negative_prompt=negative)
    return Admission(
        person=ADA, command="imagine", request=request, outstanding_jobs=0, lineage_prompts=lineage
    )


def sentence_of(verdict: Verdict) -> str:
    return error_text(verdict.refusal())


@pytest.mark.parametrize(
    ("admission", "part", "words"),
    [
        (asking(prompt="a spoiler on a car"), RequestPart.PROMPT, "of your prompt"),
        (asking(negative="spoiler"), RequestPart.NEGATIVE, "of what you leave out"),
        (asking(lineage=("a spoiler",)), RequestPart.EARLIER, "of a picture that this starts from"),
    ],
)
def test_a_refusal_quotes_the_words_and_names_their_part(
    database: Database, tmp_path: Path, admission: Admission, part: RequestPart, words: str
) -> None:
    verdict = gate_with(database, listed(tmp_path)).admit(admission)
    assert (verdict.ruling, verdict.part) == (Ruling.REFUSE, part)
    assert "“spoiler”" in sentence_of(verdict)
    assert words in sentence_of(verdict)
    assert "try again" in sentence_of(verdict)


def test_a_disguise_is_not_explained(database: Database, tmp_path: Path) -> None:
    verdict = gate_with(database, listed(tmp_path)).admit(asking(prompt="$p0iler"))
    assert verdict.ruling is Ruling.REFUSE
    assert "spoiler" not in sentence_of(verdict)


def test_of_the_core_nothing_is_quoted(database: Database) -> None:
    gate = gate_with(database, [Minors()])
    verdict = gate.admit(asking(prompt="a naked child"))
    assert (verdict.category, verdict.words, verdict.part) == (Category.MINORS, "", None)
    assert "naked" not in sentence_of(verdict)


class FixedJudge:
    """Finds the same harm in every text."""

    def __init__(self, category: Category, harm: float) -> None:
        self.found = ClassifierScores(harm=harm, category=category, chance=harm, window="tribal cats")

    def judge(self, texts: list[str]) -> list[ClassifierScores]:
        return [self.found for _ in texts]


@pytest.mark.parametrize("harm", [0.7, 0.95], ids=["doubtful", "sure"])
def test_painters_of_tribal_cats_are_not_told_that_they_hate(database: Database, harm: float) -> None:
    rules = [Meaning(FixedJudge(Category.HATE, harm))]
    gate = gate_with(database, rules, holds=False)
    verdict = gate.admit(asking(prompt="tribal cats around a fire"))
    assert (verdict.ruling, verdict.category) == (Ruling.REFUSE, Category.HATE)
    assert "hate" not in sentence_of(verdict)
    assert "“tribal cats”" in sentence_of(verdict)
    assert "hate" not in str(verdict.refusal())


def test_where_nobody_looks_a_doubt_is_told_as_a_doubt(database: Database) -> None:
    rules = [Meaning(FixedJudge(Category.VIOLENCE, 0.7))]
    gate = gate_with(database, rules, holds=False)
    assert "may be against the rules" in sentence_of(gate.admit(asking(prompt="tribal cats around a fire")))
    sure = gate_with(database, [Meaning(FixedJudge(Category.VIOLENCE, 0.95))])
    assert "(violence)" in sentence_of(sure.admit(asking(prompt="tribal cats around a fire")))


def test_the_quoted_words_are_not_stored_and_not_logged() -> None:
    verdict = Verdict(ruling=Ruling.REFUSE, rule="r", category="c", words="spoiler", part=RequestPart.PROMPT)
    assert "spoiler" in sentence_of(verdict)
    stored = verdict.refusal(quoting=False)
    assert "spoiler" not in error_text(stored)
    assert "spoiler" not in str(verdict.refusal())
    assert "spoiler" not in repr(verdict)
    assert isinstance(stored, PolicyRefusalError)
    assert replace(verdict, part=None).refusal().advice == ()


def test_of_a_long_prompt_the_harmful_window_is_quoted() -> None:
    harmless = (
        "a calm lake at dawn, mountains, soft clouds, oil painting, warm colours, birds, pine trees, mist"
    )
    text = f"{harmless}, a man stabs a woman with a knife, {harmless}"
    [scores] = Classifier.load_bundled().judge([text])
    assert "stabs" in scores.window
    assert len(scores.window.split()) <= 20


def test_self_harm_beside_a_clause_in_another_language_is_told_as_self_harm_with_help_first(
    database: Database,
) -> None:
    prompt = "a woman who hangs herself in a barn, talvinen maisema järven rannalla iltahämärässä"
    held = gate_with(database, default_prompt_rules()).admit(asking(prompt))
    assert (held.ruling, held.category) == (Ruling.HOLD, Category.SELF_HARM)
    assert [text.code for text in held.help] == ["advice.self_harm"]
    refused = gate_with(database, default_prompt_rules(), holds=False).admit(asking(prompt))
    assert refused.refusal().advice[0].code == "advice.self_harm"
    hill = gate_with(database, default_prompt_rules()).admit(asking("talvinen maisema järven rannalla"))
    assert (hill.category, hill.help) == (Category.FOREIGN, ())
