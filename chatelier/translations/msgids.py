"""Every sentence that readers may see in their own language: what a catalogue of translations has to hold.

The sentences of the front ends are constants. Commands, their parameters, gatherings and the categories of the policy
describe themselves; what they say is a msgid too, and each front end passes it through `translate`. What stands where
it is used, in Python, templates and scripts, is found by `chatelier.translations.extraction`.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bots.presentation.actions import ACTIONS
from bots.texts.translation import CHOICE, COMMAND, EVIDENCE, OPTION, Msgid
from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import EVIDENCE_PHRASES
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG, FORMER_COMMANDS
from studio.domain.requests import SCHEDULERS
from studio.domain.settings.languages import Language
from studio.gatherings.registry import KINDS

_PACKAGE = "bots.texts"
_MODULES = ("bots.web.texts", "bots.discord.texts.texts", "bots.slack.texts.texts")
_OTHER_MODULES = ("bots.texts.languages", "bots.texts.coded.sentences")  # without sentences of their own
_VALUES = {"bots.texts.forms.ARTIST_TOPIC", "bots.texts.forms.OTHER_TOPIC", "bots.texts.help.FLAGS_EXAMPLE"}
LONGEST_LABEL = 75  # of a button on Slack; Discord takes 80
LONGEST_DESCRIPTION = 100  # of a command or an option on Discord
LONGEST_NAME = 32  # of a command, an option or a menu entry on Discord


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sentence. `context` tells names apart that are spelled alike; `most` is the most characters that fit, 0 for
    any number.
    """

    msgid: Msgid
    place: str
    context: str = ""
    most: int = 0


def constants() -> Iterator[Entry]:
    package = importlib.import_module(_PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{_PACKAGE}."):
        if not module.name.startswith(_OTHER_MODULES):
            yield from _constants_of(module.name)
    for name in _MODULES:
        yield from _constants_of(name)


def _constants_of(module: str) -> Iterator[Entry]:
    for name, value in vars(importlib.import_module(module)).items():
        if name.strip("_").isupper() and f"{module}.{name}" not in _VALUES:
            yield from _sentences(value, f"{module}.{name}")


def _sentences(value: object, place: str) -> Iterator[Entry]:
    match value:
        case str():
            yield Entry(msgid=value, place=place)
        case (str() as one, str() as many):
            yield Entry(msgid=(one, many), place=place)
        case tuple() if all(
            isinstance(inner, str) for inner in value
        ):  # three sentences or more are no plural
            for inner in value:
                yield Entry(msgid=inner, place=place)
        case dict():
            for key, inner in value.items():
                yield from _sentences(inner, f"{place} {key}")


def descriptions() -> Iterable[Entry]:
    for spec in (*CATALOG.values(), *FORMER_COMMANDS.values()):
        yield Entry(msgid=spec.summary, place=f"/{spec.name}", most=LONGEST_DESCRIPTION)
        for parameter in spec.parameters:
            place = f"/{spec.name} {parameter.name}"
            yield Entry(msgid=parameter.summary, place=place, most=LONGEST_DESCRIPTION)
    for kind in KINDS.values():
        yield Entry(msgid=kind.summary, place=f"/{kind.command}")
    for action, row in ACTIONS.items():
        place = f"button {action.value}"
        texts = [
            (row.label, LONGEST_LABEL - len(f"{row.icon} ")),
            (row.single_label, LONGEST_LABEL - len(f"{row.icon} ")),
            (row.description, LONGEST_LABEL),
            (row.menu, LONGEST_NAME),
            (row.confirm, 0),
        ]
        yield from (Entry(msgid=text, place=place, most=most) for text, most in texts if text)
    yield from (Entry(msgid=category, place="category of the policy") for category in Category)


def names() -> Iterable[Entry]:
    """What Discord shows as the names of commands, options and choices, and forms as labels, of which the English ones
    work everywhere; and what cases keep as evidence.
    """
    for spec in CATALOG.values():
        yield Entry(msgid=spec.name, context=COMMAND, place="Discord", most=LONGEST_NAME)
        for parameter in spec.parameters:
            place = f"Discord, /{spec.name}"
            yield Entry(msgid=parameter.name, context=OPTION, place=place, most=LONGEST_NAME)
            if parameter.kind is Kind.CHOICE:
                words = [choice for choice in parameter.choices if _is_word(choice)]
                place = f"{place} {parameter.name}"
                yield from (Entry(msgid=word, context=CHOICE, place=place, most=100) for word in words)
    yield from (
        Entry(msgid=phrase, context=EVIDENCE, place="evidence of a case") for phrase in EVIDENCE_PHRASES
    )


def _is_word(choice: str) -> bool:
    """Not a number, an aspect, a language, or the name of a scheduler."""
    return choice.replace("-", "").isalpha() and choice not in {*SCHEDULERS, *Language}
