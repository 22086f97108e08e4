"""The community's policy as fields of a form, and from a filled form to the entries of ``/community policy``.

A field is named ``action.violence``, ``threshold.violence``, ``figures.politician``, ``languages`` or
``other-languages``. An empty value leaves it to the operator's policy; that of ``languages`` is codes with spaces.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bots.texts.languages.formats import format_number, language_name
from bots.texts.translation import translate
from bots.web import texts
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.policy_overrides import (
    FIGURES,
    LANGUAGES,
    NONE,
    OTHER_LANGUAGES,
    THRESHOLD,
    CategoryDescription,
    PolicyDescription,
)

ACTION = "action"
_LONGEST_VALUE = 120  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyField:
    """`choices` are values with labels; of a field without any a number is typed. `several`: more than one may count.

    `entry` is what stands before the value in an entry of the command; `installed` is what holds without a value.
    """

    name: str
    label: str
    entry: str
    installed: str
    choices: tuple[tuple[str, str], ...] = ()
    several: bool = False

    def read(self, text: str) -> str:
        """A value as it was sent; of several, those that there are, in their order."""
        chosen = text.split()
        if self.several:
            return " ".join(code for code, _ in self.choices if code in chosen)
        return text.strip()[:_LONGEST_VALUE]

    def write_entry(self, value: str) -> str:
        """For ``/community policy``. Without commas: they separate entries."""
        value = value.replace(",", ".").strip()
        return f"{self.entry} {NONE if self._is_everything(value) else value or NONE}"

    def show(self, value: str) -> str:
        """A value for people."""
        if not value or self._is_everything(value):
            return self.installed
        labels = dict(self.choices)
        return ", ".join(labels.get(part, part) for part in (value.split() if self.several else [value]))

    def _is_everything(self, value: str) -> bool:
        return self.several and len(value.split()) == len(self.choices)


def policy_fields(policy: PolicyDescription) -> dict[str, PolicyField]:
    """In the order of the page, by name."""
    return {field.name: field for field in _fields(policy)}


def _fields(policy: PolicyDescription) -> Iterator[PolicyField]:
    for category in policy.categories:
        label, installed = translate(category.label), installed_rule(category)
        yield PolicyField(
            name=f"{ACTION}.{category.name}",
            label=label,
            entry=category.name,
            installed=installed,
            choices=_choices(category.stricter),
        )
        yield PolicyField(
            name=f"{THRESHOLD}.{category.name}",
            label=translate(texts.THRESHOLD_OF, category=label),
            entry=f"{THRESHOLD} {category.name}",
            installed=format_number(category.threshold, ".2f"),
        )
    for figure in policy.figures:
        yield PolicyField(
            name=f"{FIGURES}.{figure.role}",
            label=translate(texts.FIGURE_ROLES.get(figure.role, figure.role)),
            entry=f"{FIGURES} {figure.role}",
            installed=translate(texts.POLICY_ACTIONS[figure.action]),
            choices=_choices(figure.stricter),
        )
    yield PolicyField(
        name=LANGUAGES,
        label=translate(texts.ACCEPTED_LANGUAGES),
        entry=LANGUAGES,
        installed=translate(texts.ALL_LANGUAGES),
        choices=tuple((code, language_name(code)) for code in policy.languages),
        several=True,
    )
    yield PolicyField(
        name=OTHER_LANGUAGES,
        label=translate(texts.OTHER_LANGUAGES),
        entry=OTHER_LANGUAGES,
        installed=translate(texts.POLICY_ACTIONS[policy.other_languages]),
        choices=_choices(policy.stricter_languages),
    )


def _choices(actions: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((action, translate(texts.POLICY_ACTIONS[action])) for action in actions)


def installed_rule(category: CategoryDescription) -> str:
    """What the operator's policy does about a category: ``Refused from 0.85, held from 0.55``."""
    score = format_number(category.threshold, ".2f")
    if category.hold_threshold is None:
        return translate(texts.INSTALLED_RULES[category.action], score=score)
    held = format_number(category.hold_threshold, ".2f")
    return translate(texts.REFUSED_AND_HELD, score=score, held=held)


def values_of(rules: CommunityRules, fields: Mapping[str, PolicyField]) -> dict[str, str]:
    """What a community settled, by the name of the field; empty values too."""
    found: dict[str, str] = {}
    for name, action in rules.stances.items():
        found[f"{ACTION}.{name.replace('-', '_')}"] = action
    for name, score in rules.thresholds.items():
        found[f"{THRESHOLD}.{name}"] = f"{score:g}"
    for role, action in rules.public_figures.items():
        found[f"{FIGURES}.{role}"] = action
    known = [code for code, _ in fields[LANGUAGES].choices]
    found[LANGUAGES] = " ".join(code for code in known if code in (rules.accepted_languages or known))
    found[OTHER_LANGUAGES] = rules.other_languages or ""
    return {name: found.get(name, "") for name in fields}
