"""A policy is a file over safe defaults; its core can only get stricter."""

from pathlib import Path

import pytest

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.policy.policy import (
    FIXED,
    Action,
    CategoryRule,
    PolicyError,
    default_policy,
    parse_policy,
    read_policy,
)
from studio.domain.verdicts import Ruling


def finding(category: Category, score: float, ruling: Ruling = Ruling.REFUSE) -> Finding:
    return Finding(ruling=ruling, rule="test", category=category, score=score)


def ruling(text: str, category: Category, score: float) -> Ruling | None:
    judged = parse_policy(text, over=default_policy()).apply(finding(category, score))
    return judged.ruling if judged else None


def test_the_defaults_have_a_category_rule_for_every_category() -> None:
    open_categories = set(Category) - FIXED
    assert set(default_policy().stances) == open_categories


def test_a_file_changes_what_it_names_and_nothing_else() -> None:
    changed = parse_policy('[categories.violence]\naction = "allow"\n', over=default_policy())
    assert changed.stances[Category.VIOLENCE].action is Action.ALLOW
    assert changed.stances[Category.SEXUAL] == default_policy().stances[Category.SEXUAL]


@pytest.mark.parametrize(
    ("action", "expected"),
    [("allow", None), ("warn", Ruling.ALLOW), ("hold", Ruling.HOLD), ("refuse", Ruling.REFUSE)],
)
def test_the_action_is_taken_from_the_threshold_on(action: str, expected: Ruling | None) -> None:
    text = f'[categories.violence]\naction = "{action}"\nthreshold = 0.7\n'
    assert ruling(text, Category.VIOLENCE, 0.7) is expected


def test_between_the_thresholds_a_moderator_looks() -> None:
    text = '[categories.violence]\naction = "refuse"\nthreshold = 0.9\nhold_threshold = 0.4\n'
    rulings = [ruling(text, Category.VIOLENCE, score) for score in (0.39, 0.4, 0.89, 0.9)]
    assert rulings == [None, Ruling.HOLD, Ruling.HOLD, Ruling.REFUSE]


def test_a_lenient_action_is_not_held_either() -> None:
    assert CategoryRule(action=Action.ALLOW, threshold=0.9, hold_threshold=0.4).action_at(0.5) is Action.ALLOW


def test_a_policy_makes_nothing_stricter_than_the_rule_proposed() -> None:
    judged = default_policy().apply(finding(Category.LANGUAGE, 1.0, Ruling.HOLD))
    assert judged is not None
    assert judged.ruling is Ruling.HOLD


@pytest.mark.parametrize("text", ['action = "hold"', 'action = "allow"', "threshold = 0.9"])
def test_the_core_cannot_be_made_more_lenient(text: str) -> None:
    with pytest.raises(PolicyError, match="always refused"):
        parse_policy(f"[categories.minors]\n{text}\n", over=default_policy())


def test_the_core_may_be_made_stricter_and_is_never_waved_through() -> None:
    stricter = parse_policy("[categories.minors]\nthreshold = 0.1\n", over=default_policy())
    assert stricter.stances[Category.MINORS].threshold == 0.1
    assert stricter.apply(finding(Category.MINORS, 0.0)) is not None


def test_a_community_cannot_relax_the_core_of_its_operator() -> None:
    operator = parse_policy("[categories.minors]\nthreshold = 0.1\n", over=default_policy())
    with pytest.raises(PolicyError):
        parse_policy("[categories.minors]\nthreshold = 0.4\n", over=operator)


def test_what_could_not_be_judged_never_passes() -> None:
    assert default_policy().apply(finding(Category.UNCHECKED, 0.0, Ruling.HOLD)) is not None


def test_every_mistake_is_named_at_once() -> None:
    text = """
        speed = 3
        languages = "en"
        other_languages = "perhaps"
        [categories.weather]
        action = "hold"
        [categories.violence]
        action = "forbid"
        threshold = 2
        colour = "red"
        [categories.hate]
        hold_threshold = true
    """
    with pytest.raises(PolicyError) as wrong:
        parse_policy(text, over=default_policy())
    for part in ("speed", "languages", "other_languages", "weather", "violence: action", "colour", "hate"):
        assert any(part in problem for problem in wrong.value.problems), part
    assert len(wrong.value.problems) == 8


def test_a_file_that_is_no_policy_is_a_sentence_not_a_traceback(tmp_path: Path) -> None:
    broken = tmp_path / "policy.toml"
    broken.write_text("[categories\n", "utf-8")
    with pytest.raises(PolicyError, match="not valid TOML"):
        read_policy(broken)
    with pytest.raises(PolicyError, match="cannot be read"):
        read_policy(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("value", ["[[1]]", "true", "1e400", "nan", "1979-05-27", '""', "{ a = 1 }"])
@pytest.mark.parametrize(
    "key",
    [
        "languages",
        "other_languages",
        "faces",
        "person_margin",
        "categories",
        "categories.violence",
        "categories.violence.action",
        "categories.violence.threshold",
        "categories.violence.hold_threshold",
        "categories.minors.action",
    ],
)
def test_whatever_stands_where_a_word_should_is_a_sentence(key: str, value: str) -> None:
    with pytest.raises(PolicyError, match=key.split(".")[-1]):
        parse_policy(f"{key} = {value}", over=default_policy())


def test_the_version_tells_what_a_policy_says_not_how_it_is_written() -> None:
    one = parse_policy(
        "[categories.hate]\nthreshold = 0.3\n[categories.spam]\naction = 'allow'\n", over=default_policy()
    )
    other = parse_policy(
        "# ours\ncategories.spam.action = 'allow'\ncategories.hate.threshold = 0.30\n", over=default_policy()
    )
    assert one.version == other.version
    assert one.version != default_policy().version
    assert len(one.version) == 12


def test_a_person_in_an_upload_makes_the_policy_stricter() -> None:
    policy = default_policy()
    doubtful = finding(Category.SEXUAL, 0.5)
    assert policy.apply(doubtful) is None
    judged = policy.apply(doubtful, with_person=True)
    assert judged is not None
    assert judged.ruling is Ruling.HOLD
    assert policy.apply(finding(Category.SEXUAL, 0.2), with_person=True) is None


@pytest.mark.parametrize("text", ['faces = "perhaps"', "person_margin = 0.9", "person_margin = true"])
def test_a_wrong_policy_for_faces_is_named(text: str) -> None:
    with pytest.raises(PolicyError, match=text.split()[0]):
        parse_policy(text, over=default_policy())


def test_what_happens_to_faces_is_part_of_the_version() -> None:
    other = parse_policy('faces = "reject"', over=default_policy())
    assert other.version != default_policy().version
