"""What the instance does about each category, as a file over safe defaults.

A policy is TOML: an action and a threshold for each category that differs from the defaults, and the languages in
which the prompt classifier is trusted. Its version is made from what it says, not from its file.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.policy.toml_values import is_number, is_one_of, wrong_names
from studio.domain.verdicts import Ruling
from studio.errors import ConfigurationError


class Action(StrEnum):
    """From the most lenient to the strictest."""

    ALLOW = "allow"
    WARN = "warn"  # allowed; the person gets a word, once a day for each category
    HOLD = "hold"
    REFUSE = "refuse"


STRICTNESS = {action: place for place, action in enumerate(Action)}
# No file can make these more lenient than the operator's policy, which cannot make them more lenient than ours.
CORE = frozenset({Category.MINORS})
# Of these a policy says nothing: what could not be judged never passes.
FIXED = frozenset({Category.UNCHECKED, Category.FOREIGN, Category.FACE})


class FacePolicy(StrEnum):
    """What happens to an upload that shows a face, from the most lenient to the strictest."""

    ALLOW = "allow"
    ASK = "ask"  # the uploader must say that the people in it agreed
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule:
    """`action` from the score `threshold` on; from `hold_threshold` on at least a moderator looks.

    Scores are in [0, 1]: what a classifier thinks likely, and 1 for a word on a list.
    """

    action: Action
    threshold: float = 0.5
    hold_threshold: float | None = None

    def action_at(self, score: float, *, margin: float = 0.0) -> Action:
        """`margin` lowers both thresholds."""
        if score >= self.threshold - margin:
            return self.action
        held = self.hold_threshold is not None and score >= self.hold_threshold - margin
        return min(Action.HOLD, self.action, key=STRICTNESS.__getitem__) if held else Action.ALLOW

    @property
    def least_score(self) -> float:
        """From which score on it does anything, unless it allows everything."""
        return self.threshold if self.hold_threshold is None else min(self.threshold, self.hold_threshold)

    def strictest_with(self, other: "CategoryRule") -> "CategoryRule":
        """What does at each score at least what either of them does, warnings aside."""
        lenient, strict = sorted((self, other), key=lambda category_rule: STRICTNESS[category_rule.action])
        if STRICTNESS[lenient.action] < STRICTNESS[Action.HOLD]:
            return strict
        same = lenient.action is strict.action
        threshold = min(lenient.threshold, strict.threshold) if same else strict.threshold
        held = min(lenient.least_score, strict.least_score)
        return replace(strict, threshold=threshold, hold_threshold=held if held < threshold else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    stances: Mapping[Category, CategoryRule]
    languages: frozenset[str]  # ISO 639-1 codes
    other_languages: Action
    faces: FacePolicy = FacePolicy.ASK
    person_margin: float = 0.0  # how much lower thresholds are where an upload shows a person
    # By role, what happens to harmless scenes with public figures.
    public_figures: Mapping[str, Action] = field(default_factory=dict)
    age_restricted: frozenset[Category] = (
        frozenset()
    )  # `stances` about them hold in age-restricted channels only

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits; equal for policies that say the same."""
        return hashlib.sha256(json.dumps(self.as_data(), sort_keys=True).encode()).hexdigest()[:12]

    def as_data(self) -> dict[str, Any]:
        stances = {
            category.name.lower(): [
                category_rule.action,
                category_rule.threshold,
                category_rule.hold_threshold,
            ]
            for category, category_rule in self.stances.items()
        }
        data = {
            "categories": stances,
            "languages": sorted(self.languages),
            "other_languages": self.other_languages,
            "faces": self.faces,
            "person_margin": self.person_margin,
            "public_figures": dict(self.public_figures),
        }
        if self.age_restricted:
            data["age_restricted"] = sorted(category.name.lower() for category in self.age_restricted)
        return data

    def outside_age_restricted(self) -> "Policy":
        """What holds everywhere but in age-restricted channels: the defaults, where they are stricter."""
        if not self.age_restricted:
            return self
        usual = default_policy().stances
        stances = {
            category: own.strictest_with(usual[category]) if category in self.age_restricted else own
            for category, own in self.stances.items()
        }
        return replace(self, stances=MappingProxyType(stances), age_restricted=frozenset())

    def least_score(self, category: Category) -> float | None:
        """From which score on it does anything about a finding; None where it never does."""
        if category in CORE or category in FIXED:
            return 0.0
        category_rule = self.stances[category]
        return None if category_rule.action is Action.ALLOW else category_rule.least_score

    def apply(self, finding: Finding, *, with_person: bool = False) -> Finding | None:
        """The finding with the ruling that this policy gives it; None where the policy does not mind.

        `with_person`: the picture starts from an upload that shows a person.
        A policy never makes a ruling stricter than the rule proposed, and never touches the core.
        """
        if finding.category in CORE or finding.category in FIXED:
            return finding
        margin = self.person_margin if with_person else 0.0
        match self.stances[finding.category].action_at(finding.score, margin=margin):
            case Action.ALLOW:
                return None
            case Action.WARN:
                return replace(finding, ruling=Ruling.ALLOW)
            case Action.HOLD:
                return replace(finding, ruling=Ruling.HOLD)
            case Action.REFUSE:
                return finding


_KEYS = {field.name for field in fields(Policy)} - {"stances"} | {"categories"}


class PolicyError(ConfigurationError):
    """A policy file is wrong; `problems` names each fault, one sentence each."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__(
            f"The policy {source} cannot be used:\n" + "\n".join(f"- {problem}" for problem in problems)
        )
        self.problems = tuple(problems)


@cache
def default_policy() -> Policy:
    text = resources.files("moderation.policy").joinpath("default_policy.toml").read_text("utf-8")
    blank = Policy(stances=MappingProxyType({}), languages=frozenset(), other_languages=Action.HOLD)
    return parse_policy(text, over=blank, source="default_policy.toml")


def read_policy(path: Path, *, over: Policy | None = None) -> Policy:
    """A policy file over the operator's policy, or over the defaults. Raises `PolicyError`."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(path.name, [f"it cannot be read ({type(error).__name__})."]) from error
    return parse_policy(text, over=over or default_policy(), source=path.name)


def parse_policy(text: str, *, over: Policy, source: str = "policy") -> Policy:
    """Raises `PolicyError` with everything that is wrong, not only the first thing."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(source, [f"it is not valid TOML: {error}."]) from error
    problems = list(_problems(data, over))
    if problems:
        raise PolicyError(source, problems)
    stances = dict(over.stances)
    for name, section in data.get("categories", {}).items():
        category = Category[name.upper()]
        stances[category] = _category_rule(section, over.stances.get(category))
    return Policy(
        stances=MappingProxyType(stances),
        languages=frozenset(data.get("languages", over.languages)),
        other_languages=Action(data.get("other_languages", over.other_languages)),
        faces=FacePolicy(data.get("faces", over.faces)),
        person_margin=float(data.get("person_margin", over.person_margin)),
        public_figures=MappingProxyType({**over.public_figures, **_actions(data.get("public_figures", {}))}),
        age_restricted=frozenset(Category[name.upper()] for name in data["age_restricted"])
        if "age_restricted" in data
        else over.age_restricted,
    )


def _actions(section: Mapping[str, str]) -> dict[str, Action]:
    return {role: Action(action) for role, action in section.items()}


def _category_rule(section: Mapping[str, Any], former: CategoryRule | None) -> CategoryRule:
    former = former or CategoryRule(action=Action.REFUSE)
    action = Action(section.get("action", former.action))
    threshold = float(section.get("threshold", former.threshold))
    hold = section.get("hold_threshold", former.hold_threshold)
    # A threshold that was lowered below the former hold threshold takes that one's place.
    return CategoryRule(
        action=action, threshold=threshold, hold_threshold=None if hold is None or hold >= threshold else hold
    )


def _problems(data: Mapping[str, Any], over: Policy) -> Iterator[str]:
    for name in sorted(set(data) - _KEYS):
        yield f"{name}: is no part of a policy; there are {', '.join(sorted(_KEYS))}."
    languages = data.get("languages", [])
    if not isinstance(languages, list) or not all(
        isinstance(code, str) and code.isalpha() for code in languages
    ):
        yield 'languages: must be a list of codes such as ["en", "fr"].'
    if not is_one_of(Action, data.get("other_languages", "hold")):
        yield f"other_languages: must be one of {', '.join(Action)}."
    if not is_one_of(FacePolicy, data.get("faces", "ask")):
        yield f"faces: must be one of {', '.join(FacePolicy)}."
    if not is_number(data.get("person_margin", 0)) or not 0 <= data.get("person_margin", 0) <= 0.5:
        yield "person_margin: must be a number from 0 to 0.5."
    yield from wrong_names("age_restricted", data.get("age_restricted", []), known=_may_be_allowed())
    yield from _wrong_roles(data.get("public_figures", {}), over)
    categories = data.get("categories", {})
    if not isinstance(categories, dict):
        yield "categories: must be sections such as [categories.violence]."
        return
    for name, section in categories.items():
        yield from (f"categories.{name}: {fault}" for fault in _faults(name, section, over))


def _may_be_allowed() -> list[str]:
    return [category.name.lower() for category in Category if category not in FIXED | CORE]


def _wrong_roles(section: Any, over: Policy) -> Iterator[str]:
    if not isinstance(section, dict):
        yield 'public_figures: must be a section with lines such as politician = "hold".'
        return
    for role, action in section.items():
        if over.public_figures and role not in over.public_figures:
            yield f"public_figures: {role} is no role; there are {', '.join(over.public_figures)}."
        elif not is_one_of(Action, action) or action == Action.WARN:
            yield f"public_figures.{role}: must be one of allow, hold, refuse."


def _faults(name: str, section: Any, over: Policy) -> Iterator[str]:
    known = [category.name.lower() for category in Category if category not in FIXED]
    if name not in known:
        yield f"is no category; there are {', '.join(known)}."
        return
    if not isinstance(section, dict):
        yield "must be a section with action and threshold."
        return
    for key in sorted(set(section) - {"action", "threshold", "hold_threshold"}):
        yield f"{key} is unknown; there are action, threshold and hold_threshold."
    faults = [*_wrong_values(section)]
    yield from faults
    category = Category[name.upper()]
    former = over.stances.get(category)
    if (
        not faults
        and category in CORE
        and former
        and (own := _category_rule(section, former)).strictest_with(former) != own
    ):
        yield "is always refused. No file can make it more lenient; take this section out."


def _wrong_values(section: Mapping[str, Any]) -> Iterator[str]:
    if not is_one_of(Action, section.get("action", "hold")):
        yield f"action must be one of {', '.join(Action)}."
    for key in ("threshold", "hold_threshold"):
        value = section.get(key, 0.5)
        if not is_number(value) or not 0 < value <= 1:
            yield f"{key} must be a number above 0, at most 1."
