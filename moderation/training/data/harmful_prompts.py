"""Harmful prompts in other words than the published rows: clinical phrases with people in them, and key words.

The key words of a row are those that harmful rows have and harmless text has not. They keep what the row is about
and drop its style. Nothing here is written to a file.
"""

import math
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from zlib import crc32

from moderation.policy.categories import Category
from moderation.training.data.harmless_prompts import add_styles
from moderation.training.data.harmless_sentences import person

_WORD = re.compile(r"[a-z][a-z'-]+")
_FEWEST = 6  # harmful rows that have the word
_FRAMES = (
    "{}",
    "{}",
    "{}",
    "a photo of {}",
    "a picture of {}",
    "a drawing of {}",
    "{}, close up",
    "{} at night",
)


def phrases(*, rounds: int, seed: int, unseen: bool = False) -> Iterator[tuple[str, Category]]:
    """Every phrase `rounds` times, each time with other people and in another dress.

    One phrase in eight is left out, or with `unseen` is all there is: for measuring on.
    """
    rng = random.Random(seed)

    def is_chosen(phrase: str) -> bool:
        return (crc32(phrase.encode()) % 8 == 0) is unseen

    text = resources.files("moderation.training.data").joinpath("harmful_prompts.toml").read_text("utf-8")
    for name, parts in tomllib.loads(text).items():
        category = Category[name.upper()]
        for _ in range(rounds):
            for doing in filter(is_chosen, parts["doing"]):
                act = doing.format(victim=person(rng).lower())
                verb = rng.choice(["", "", "is "])
                yield _add_frame(f"{person(rng)} {verb}{act}", rng), category
            for seen in filter(is_chosen, parts["seen"]):
                yield _add_frame(seen, rng), category


def _add_frame(text: str, rng: random.Random) -> str:
    text = text if rng.random() < 0.3 else text[0].lower() + text[1:]
    text = rng.choice(_FRAMES).format(text)
    return add_styles(text, rng) if rng.random() < 0.4 else text


def weigh_words(harmful: Iterable[str], harmless: Iterable[str]) -> Mapping[str, float]:
    """How much more often a word stands in harmful rows than in harmless text: the logarithm of the ratio."""
    bad, good = (
        Counter(word for text in texts for word in set(_words(text))) for texts in (harmful, harmless)
    )
    bad_total, good_total = bad.total(), good.total()
    return {
        word: math.log((count / bad_total) / ((good[word] + 1) / good_total))
        for word, count in bad.items()
        if count >= _FEWEST
    }


def key_words(text: str, weights: Mapping[str, float], rng: random.Random) -> str:
    """The two to five weightiest words of a text in their order; "" if fewer than two say anything."""
    words = list(dict.fromkeys(_words(text)))
    telling = sorted((word for word in words if weights.get(word, 0) > 1), key=lambda word: -weights[word])
    chosen = set(telling[: rng.randint(2, 5)])
    return " ".join(word for word in words if word in chosen) if len(chosen) > 1 else ""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
