"""Harmless and mildly harmful prompts in fourteen languages beside English, made from parts that were written here."""

import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from moderation.policy.categories import Category
from moderation.training.data.harmless_prompts import add_styles

_ENGLISH = "en"
LANGUAGES = ("de", "fr", "es", "it", "pt", "nl", "pl", "ru", "tr", "ar", "ja", "ko", "zh", "th")
# Of each language's harmful prompts, in their order.
_HARM = (
    *[Category.VIOLENCE] * 4,
    Category.SHOCKING,
    *[Category.SEXUAL] * 3,
    *[Category.SELF_HARM] * 3,
    *[Category.HATE] * 3,
    *[Category.HARASSMENT] * 2,
    *[Category.SHOCKING] * 3,
    *[Category.ILLEGAL] * 3,
    *[Category.DECEPTION] * 2,
)
_PLACE_FIRST = {"ja": "{where}{who}{does}", "ko": "{where} {who} {does}", "zh": "{where}，{who}{does}"}
_UNSPACED = {"th": "{who}{does}{where}"}
_ORDER = _PLACE_FIRST | _UNSPACED
_UNSEEN_OF_HARM, _UNSEEN_OF_SCENES = 3, 4
_TRANSLATED_SCENES, _TRANSLATED_EACH = 160, 4
_STYLED = 0.25  # of the training prompts get English words for a style


@dataclass(frozen=True, slots=True)
class ForeignPrompt:
    """`category` is None for harmless ones. `place` numbers the unseen ones of a language, None is for training."""

    text: str
    language: str
    category: Category | None
    place: int | None


def foreign_prompts(*, scenes: int, seed: int) -> Iterator[ForeignPrompt]:
    """`scenes` harmless scenes for training in each language, a quarter as many unseen ones, and all other prompts."""
    rng = random.Random(seed)
    for language in LANGUAGES:
        parts = _parts()[language]
        yield from _scenes(language, parts, scenes, rng)
        for place, text in enumerate(parts["looks_worse"]):
            yield from _prompt(text, language, None, place, _UNSEEN_OF_HARM, rng)
        for place, (text, category) in enumerate(zip(parts["harm"], _HARM, strict=True)):
            yield from _prompt(text, language, category, place, _UNSEEN_OF_HARM, rng)


def translations(language: str, *, seed: int) -> Iterator[tuple[str, str]]:
    """Sentences in a language, and the same in English; none that is kept for measuring."""
    rng = random.Random(seed)
    there, here = _parts()[language], _parts()[_ENGLISH]
    for _ in range(_TRANSLATED_SCENES):
        places = {name: rng.choice(_trained_places(name, here)) for name in ("who", "does", "where")}
        yield _scene(language, there, places), _scene(_ENGLISH, here, places)
    for kind in ("looks_worse", "harm"):
        for place, text in enumerate(here[kind]):
            if place % _UNSEEN_OF_HARM != _UNSEEN_OF_HARM - 1:
                yield from [(there[kind][place], text)] * _TRANSLATED_EACH


def _trained_places(name: str, parts: Mapping[str, list[str]]) -> list[int]:
    places = list(range(len(parts[name])))
    return [place for place in places if name != "does" or place % _UNSEEN_OF_SCENES != _UNSEEN_OF_SCENES - 1]


def _scene(language: str, parts: Mapping[str, list[str]], places: Mapping[str, int]) -> str:
    order = _ORDER.get(language, "{who} {does} {where}")
    return order.format(**{name: parts[name][place] for name, place in places.items()})


def _scenes(
    language: str, parts: Mapping[str, list[str]], count: int, rng: random.Random
) -> Iterator[ForeignPrompt]:
    order = _ORDER.get(language, "{who} {does} {where}")
    for unseen in (False, True):
        does = [
            part
            for place, part in enumerate(parts["does"])
            if (place % _UNSEEN_OF_SCENES == _UNSEEN_OF_SCENES - 1) is unseen
        ]
        for place in range(count // 4 if unseen else count):
            who, where = rng.choice(parts["who"]), rng.choice(parts["where"])
            text = order.format(who=who, does=rng.choice(does), where=where)
            if not unseen and rng.random() < _STYLED:
                text = add_styles(text, rng)
            yield ForeignPrompt(text, language, None, place if unseen else None)


def _prompt(
    text: str, language: str, category: Category | None, place: int, unseen: int, rng: random.Random
) -> Iterator[ForeignPrompt]:
    """Every `unseen`th one is for measuring; the others come plain, and with a style."""
    if place % unseen == unseen - 1:
        yield ForeignPrompt(text, language, category, place // unseen)
        return
    yield ForeignPrompt(text, language, category, None)
    yield ForeignPrompt(add_styles(text, rng), language, category, None)


@cache
def _parts() -> Mapping[str, Mapping[str, list[str]]]:
    text = resources.files("moderation.training.data").joinpath("languages.toml").read_text("utf-8")
    return tomllib.loads(text)
