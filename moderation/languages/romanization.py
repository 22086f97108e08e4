"""Hindi, Russian and Swahili in Latin letters: told by their frequent words, which fastText's identifier does not know.

Romanised Russian is turned back into Cyrillic letters, so that it is judged as other Russian text is.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources

RUSSIAN = "ru"
_SHARE, _SHARE_OF_FEW = 0.5, 0.6  # of a text's words, and of fewer than six
_MANY_WORDS = 6
_FEWEST_SURE = 2  # listed words that are no English ones
# Longest first: GOST and the spellings that people type.
_LETTERS = (
    *(
        "shch щ",
        "sch щ",
        "yo ё",
        "jo ё",
        "yu ю",
        "ju ю",
        "ya я",
        "ja я",
        "zh ж",
        "kh х",
        "ts ц",
        "ch ч",
        "sh ш",
        "ye е",
    ),
    *("aya ая", "iy ий", "yy ый", "oy ой", "ey ей", "ay ай", "uy уй"),
    *(
        "a а",
        "b б",
        "v в",
        "w в",
        "g г",
        "d д",
        "e е",
        "z з",
        "i и",
        "j й",
        "k к",
        "l л",
        "m м",
        "n н",
        "o о",
        "p п",
    ),
    *("r р", "s с", "t т", "u у", "f ф", "h х", "c ц", "y ы", "q к", "x кс", "' ь"),
)
_LATIN = dict(pair.split(" ") for pair in _LETTERS)
_PATTERN = re.compile("|".join(_LATIN))


def find_romanized(words: Sequence[str], *, is_english: Callable[[str], bool]) -> str | None:
    """The ISO code of the language, for lower-case words in Latin letters; None for others."""
    if not words:
        return None
    share = _SHARE if len(words) >= _MANY_WORDS else _SHARE_OF_FEW
    for language, listed in _lists().items():
        found = [word for word in words if word in listed]
        sure = {word for word in found if not is_english(word)}
        if len(found) >= share * len(words) and len(sure) >= _FEWEST_SURE:
            return language
    return None


def to_cyrillic(text: str) -> str:
    """Romanised Russian in its own letters; other texts come out as nonsense."""
    return _PATTERN.sub(lambda match: _LATIN[match[0]], text.lower())


@cache
def _lists() -> Mapping[str, frozenset[str]]:
    text = resources.files("moderation.languages").joinpath("romanized_words.toml").read_text("utf-8")
    return {language: frozenset(words) for language, words in tomllib.loads(text).items()}
