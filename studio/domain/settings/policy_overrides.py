"""In which a community is stricter than the operator's policy: what there is to choose, and how a change is written.

``/community policy`` takes entries with commas between: ``violence hold``, ``threshold violence 0.7``,
``figures politician hold``, ``languages en de``, ``other-languages refuse``. ``none`` takes an entry back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from studio.domain.settings.communities import CommunityRules
from studio.errors import BadParameterError

NONE = "none"
THRESHOLD, FIGURES, LANGUAGES, OTHER_LANGUAGES = "threshold", "figures", "languages", "other-languages"
STRICTER = ("hold", "refuse")
Value = TypeVar("Value")
ChangeRules = Callable[[CommunityRules], CommunityRules]
_NOTHING = (NONE, "off", "no", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDescription:
    """What the operator's policy does about a category. `label` is a msgid; `stricter` are actions that do more.

    `threshold` and `hold_threshold` are scores above 0, at most 1; the latter is None where nothing is held below.
    """

    name: str
    label: str
    action: str
    threshold: float
    hold_threshold: float | None
    stricter: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureDescription:
    """Harmless scenes with public figures of a role, as the operator's policy takes them."""

    role: str
    action: str
    stricter: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDescription:
    """The operator's policy, as far as a community may be stricter. `languages` are codes."""

    categories: tuple[CategoryDescription, ...]
    figures: tuple[FigureDescription, ...]
    languages: tuple[str, ...]
    other_languages: str
    stricter_languages: tuple[str, ...]  # actions


def change_policy(rules: CommunityRules, value: str) -> CommunityRules:
    """All entries of a value, or none. Raises `BadParameterError` for what is not written like one."""
    for entry in value.split(","):
        rules = _change(rules, entry.replace("=", " ").lower().split())
    return rules


def policy_entries(rules: CommunityRules) -> list[str]:
    """What a community settled, as entries."""
    return [
        *(f"{category} {action}" for category, action in rules.stances.items()),
        *(f"{THRESHOLD} {category} {score:g}" for category, score in rules.thresholds.items()),
        *(f"{FIGURES} {role} {action}" for role, action in rules.public_figures.items()),
        *([f"{LANGUAGES} {' '.join(rules.accepted_languages)}"] if rules.accepted_languages else []),
        *([f"{OTHER_LANGUAGES} {rules.other_languages}"] if rules.other_languages else []),
    ]


def _change(rules: CommunityRules, words: list[str]) -> CommunityRules:
    match words:
        case ["threshold", category, score]:
            return replace(rules, thresholds=_with(rules.thresholds, _fold_category(category), _score(score)))
        case ["figures", role, action]:
            return replace(rules, public_figures=_with(rules.public_figures, role, _action(action)))
        case ["languages", *codes] if codes:
            chosen = () if codes[0] in _NOTHING else tuple(dict.fromkeys(codes))
            return replace(rules, accepted_languages=chosen)
        case ["other-languages", action]:
            return replace(rules, other_languages=_action(action))
        case [category, action]:
            known = {_fold_category(name): own for name, own in rules.stances.items()}
            return replace(rules, stances=_with(known, _fold_category(category), _action(action)))
        case _:
            raise BadParameterError("value", "not_a_pair", pair="policy")


def _with(known: Mapping[str, Value], name: str, value: Value | None) -> Mapping[str, Value]:
    others = {other: own for other, own in known.items() if other != name}
    return others if value is None else {**others, name: value}


def _fold_category(category: str) -> str:
    return category.replace("-", "_")


def _action(word: str) -> str | None:
    if word in _NOTHING:
        return None
    if word not in STRICTER:
        raise BadParameterError("value", "only_stricter")
    return word


def _score(word: str) -> float | None:
    if word in _NOTHING:
        return None
    try:
        score = float(word)
    except ValueError:
        raise BadParameterError("value", "not_a_score") from None
    if not 0 < score <= 1:
        raise BadParameterError("value", "not_a_score")
    return score
