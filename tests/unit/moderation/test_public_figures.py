"""Public figures: found by name in many spellings, refused in scenes that could harm them, free in harmless ones."""

import tomllib
from pathlib import Path

import pytest

from moderation.people.public_figures import PublicFigures, Role, read_people
from moderation.policy.categories import Category
from moderation.policy.policy import PolicyError, default_policy, parse_policy
from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt.public_figures import PublicFigureScenes
from moderation.rules.prompt_judge import PromptJudge
from moderation.text.normalization import read
from studio.domain.verdicts import Ruling

SENTENCES = tomllib.loads((Path(__file__).parents[2] / "fixtures" / "public_figures.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def judge() -> PromptJudge:
    return PromptJudge(rules=[PublicFigureScenes(harmless=default_policy().public_figures)])


def flagged(judge: PromptJudge, group: str) -> list[str]:
    return [text for text in SENTENCES[group] if not judge.judge(PromptSubject(prompt=text)).allows]


def names(text: str) -> set[str]:
    return {figure.name for figure in PublicFigures.load_bundled().find(read(text), text).values()}


def test_the_list_holds_people_of_every_role() -> None:
    people = PublicFigures.load_bundled()
    assert len(people.people) > 1_500
    assert {figure.role for figure in people.people} == set(Role)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Merkels Garten", "Angela Merkel"),
        ("D0nald Trump", "Donald Trump"),
        ("taylorswift in a field", "Taylor Swift"),
        ("Wolodymyr Selenskyj", "Volodymyr Zelensky"),
        ("volodymyr zelenskij", "Volodymyr Zelensky"),
        ("Soeder und sein Hund", "Markus Soeder"),
        ("a portrait of Söder", "Markus Soeder"),
        ("портрет Путина", "Vladimir Putin"),
        ("صورة لترامب", "Donald Trump"),
        ("习近平在公园里", "Xi Jinping"),
        ("Beyoncé sings", "Beyonce"),
    ],
)
def test_names_are_found_in_the_spellings_of_many_languages(text: str, name: str) -> None:
    assert name in names(text)


@pytest.mark.parametrize(
    "text", ["прыжок с трамплина", "Blätter im Herbst", "une pelle dans le jardin", "a swift bird in May"]
)
def test_words_that_resemble_a_name_are_no_name(text: str) -> None:
    assert names(text) == set()


def test_at_least_85_of_100_harmful_scenes_are_caught(judge: PromptJudge) -> None:
    for group in ("tuned", "held_out"):
        assert len(flagged(judge, group)) >= 0.85 * len(SENTENCES[group])


def test_harmless_scenes_pass(judge: PromptJudge) -> None:
    assert flagged(judge, "harmless") == []
    assert len(flagged(judge, "harmless_held_out")) <= 3


def test_history_and_fiction_are_free(judge: PromptJudge) -> None:
    assert len(SENTENCES["stories"]) == 25
    assert flagged(judge, "stories") == []


def test_a_name_and_a_scene_meet_over_several_steps(judge: PromptJudge) -> None:
    subject = PromptSubject(prompt="now in handcuffs", lineage=("Angela Merkel at a lectern",))
    verdict = judge.judge(subject)
    assert (verdict.ruling, verdict.category) == (Ruling.REFUSE, Category.PUBLIC_FIGURE)


def test_what_shall_be_left_out_is_no_scene(judge: PromptJudge) -> None:
    assert judge.judge(PromptSubject(prompt="Angela Merkel at a lectern", negative="handcuffs")).allows


def test_the_sport_of_an_athlete_is_no_violence(judge: PromptJudge) -> None:
    assert judge.judge(PromptSubject(prompt="Mike Tyson punching in the ring")).allows
    assert not judge.judge(PromptSubject(prompt="Emmanuel Macron punching a reporter")).allows


def test_a_policy_may_hold_harmless_scenes_by_role() -> None:
    policy = parse_policy('[public_figures]\npolitician = "hold"\n', over=default_policy())
    judge = PromptJudge(policy=policy, rules=[PublicFigureScenes(harmless=policy.public_figures)])
    held = judge.judge(PromptSubject(prompt="Angela Merkel in a garden"))
    assert (held.ruling, held.category) == (Ruling.HOLD, Category.PUBLIC_FIGURE)
    assert judge.judge(PromptSubject(prompt="Taylor Swift in a garden")).allows
    assert policy.version != default_policy().version


def test_a_policy_with_an_unknown_role_is_rejected() -> None:
    with pytest.raises(PolicyError, match="wizard is no role"):
        parse_policy('[public_figures]\nwizard = "hold"\n', over=default_policy())
    with pytest.raises(PolicyError, match="politician: must be one of"):
        parse_policy('[public_figures]\npolitician = "warn"\n', over=default_policy())


def test_every_role_has_an_action_in_the_default_policy() -> None:
    assert list(default_policy().public_figures) == list(Role)


def test_a_star_lets_a_surname_stand_alone() -> None:
    people = PublicFigures(list(read_people("[writer]\nAda *Examplova = Ada Eksamplova; Bo Common")))
    assert list(people.find(read("Examplova at a desk"), "")) == ["examplova"]
    assert not people.find(read("Common at a desk"), "")


@pytest.mark.parametrize(
    ("text", "ruling"),
    [
        ("fake press photo of the french president punching a child", Ruling.REFUSE),
        ("the german chancellor naked by the pool", Ruling.REFUSE),
        ("der Bundeskanzler nackt am Pool", Ruling.REFUSE),
        ("the prime minister of Canada skiing with children", Ruling.ALLOW),
        ("the president of the chess club wins a cup", Ruling.ALLOW),
        ("the president of mars declares war, science fiction poster", Ruling.ALLOW),
    ],
)
def test_the_holder_of_a_high_office_is_a_public_figure_without_a_name(
    judge: PromptJudge, text: str, ruling: Ruling
) -> None:
    assert judge.judge(PromptSubject(prompt=text)).ruling is ruling
