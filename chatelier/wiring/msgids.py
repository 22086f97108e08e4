"""Every sentence that readers may see in their own language: what a catalogue of translations has to hold.

The sentences of the front ends are constants. Commands, their parameters, gatherings and the categories of the policy
describe themselves; what they say is a msgid too, and each front end passes it through `translate`.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator

from bots.presentation.actions import ACTIONS
from bots.texts.translation import Msgid
from moderation.policy.categories import Category
from studio.commands.registry import CATALOG, FORMER_COMMANDS
from studio.domain.requests import SCHEDULERS
from studio.gatherings.registry import KINDS

_PACKAGES = ("bots.texts", "bots.discord.texts", "bots.slack.texts")
_MODULES = ("bots.web.texts",)


def all_msgids() -> set[Msgid]:
    """Without those that stand in templates and scripts as ``_("…")``, and in Python as ``translate("…")``."""
    return {*_constants(), *_descriptions()}


def _constants() -> Iterator[Msgid]:
    for package in map(importlib.import_module, _PACKAGES):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield from _constants_of(module.name)
    for name in _MODULES:
        yield from _constants_of(name)


def _constants_of(module: str) -> Iterator[Msgid]:
    for name, value in vars(importlib.import_module(module)).items():
        if name.strip("_").isupper():
            yield from _sentences(value)


def _sentences(value: object) -> Iterator[Msgid]:
    match value:
        case str():
            yield value
        case (str() as one, str() as many):
            yield one, many
        case dict():
            for inner in value.values():
                yield from _sentences(inner)


def _is_word(choice: str) -> bool:
    """Not a number, an aspect, or the name of a scheduler."""
    return choice.replace("-", "").isalpha() and choice not in SCHEDULERS


def _descriptions() -> Iterable[str]:
    for spec in (*CATALOG.values(), *FORMER_COMMANDS.values()):
        yield spec.summary
        for parameter in spec.parameters:  # forms show their names and choices too
            yield from (parameter.summary, parameter.name, *filter(_is_word, parameter.choices))
    yield from (kind.summary for kind in KINDS.values())
    for action in ACTIONS.values():
        texts = (action.label, action.single_label, action.description, action.menu, action.confirm)
        yield from filter(None, texts)
    yield from Category
