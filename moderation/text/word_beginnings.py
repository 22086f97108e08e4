"""Beginnings of words in the languages beside English that the classifier judges, as they stand in TOML files.

They are looked for in the text as it was typed: folding look-alike letters would spoil other scripts.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

# Written without spaces, or with particles behind the word: a listed word may stand anywhere.
UNSPACED = frozenset({"hi", "ja", "ko", "th", "zh"})
_ARABIC_PREFIXES = "(?:ال|بال|وال|و|ب|لل|ل)?"


def read_table(name: str) -> Mapping[str, Any]:
    """A TOML file beside the prompt rules, by language."""
    text = resources.files("moderation.rules.prompt").joinpath(name).read_text("utf-8")
    return tomllib.loads(text)


class WordBeginnings:
    """Of one language. An entry that ends with a space is a whole word."""

    def __init__(self, language: str, beginnings: Sequence[str]) -> None:
        words = "|".join(re.escape(plain(word)) for word in beginnings)
        before = rf"(?<!\w){_ARABIC_PREFIXES if language == 'ar' else ''}"
        self._pattern = re.compile(words if language in UNSPACED else f"{before}(?:{words})")

    def stand_in(self, text: str) -> bool:
        return bool(self._pattern.search(f"{plain(text)} "))


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def warning_words(language: str) -> WordBeginnings | None:
    """Words of nakedness, violence, death, crime or contempt; None for English and languages without a list."""
    beginnings = read_table("warning_words.toml").get(language)
    return WordBeginnings(language, beginnings) if beginnings else None
