"""English words that stand without a space between them, or in ROT13, told by a dictionary.

The package `wordninja` (MIT) carries 125,000 words of English Wikipedia by their frequency, about 18 MB in memory, and
the likeliest way to split a run of letters into them.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from functools import cache
from math import inf, log

_JOINED = re.compile(r"[A-Za-z]{8,60}")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SHORTEST_RUN = 10  # letters; shorter runs without humps are names as often as words
_SHORTEST_OF_TWO = 4  # letters of each, where a run is only two words
_COMMONEST = 30_000  # rarer short words are likelier names, or what a misspelt word happens to be made of
_SHORT = 7  # letters
_LONGEST_RUN = 40
_SHORTEST_AROUND, _SHORTEST_INNER = 11, 4  # letters of the run, and of the word in it
_SHORT_WORDS = frozenset(
    "a i am an as at be by do go he if in is it me my no of on or so to up us we".split()
)
_WORD = re.compile(r"[A-Za-z]{3,}")
_SHORTEST_ROTATED = 5  # letters of a word that is in ROT13 by itself


def split_runs(text: str) -> Iterator[str]:
    """Each run of letters that is no word, as the words that it is made of: "redApple" is "red Apple"."""
    for match in dict.fromkeys(_JOINED.findall(text)):
        if match.lower() in _frequencies():
            continue
        words = _HUMP.split(match)
        if len(words) == 1 and len(match) >= _SHORTEST_RUN:
            words = _split(match.lower())
            words = words if all(map(_is_common, words)) else []
        if _are_words(words) and not (match.istitle() and len(words) == 2):  # a town, a surname
            yield " ".join(words)


def inner_words(run: str) -> Iterator[str]:
    """What stands in a run of lower-case letters that is no word, before, between or after words."""
    if not _SHORTEST_AROUND <= len(run) <= _LONGEST_RUN or is_word(run):
        return
    starts = [place for place in range(len(run)) if _is_common_or_empty(run[:place])]
    stops = [place for place in range(len(run), 0, -1) if _is_common_or_empty(run[place:])]
    for start in starts:
        yield from (run[start:stop] for stop in stops if _SHORTEST_INNER <= stop - start < len(run))


def rotated(text: str) -> str | None:
    """The text with what stands in it in ROT13 decoded; None where nothing does."""
    words = set(_WORD.findall(text))
    decoded = {word: codecs.encode(word, "rot13") for word in words if not is_word(word)}
    decoded = {word: plain for word, plain in decoded.items() if is_word(plain)}
    if not any(len(word) >= _SHORTEST_ROTATED for word in decoded):
        return None
    if 2 * len(decoded) > len(words):
        return codecs.encode(text, "rot13")
    return _WORD.sub(lambda match: decoded.get(match[0], match[0]), text)


def _are_words(words: list[str]) -> bool:
    """Two words of some length, or more words with no odd letters between them."""
    if not all(len(word) > 2 or word.lower() in _SHORT_WORDS for word in words):
        return False
    if any(len(word) == 1 for word in words):
        return len(words) > 3 or words[0].lower() == "a"
    return len(words) > 2 or (len(words) == 2 and min(map(len, words)) >= _SHORTEST_OF_TWO)


def _is_common_or_empty(run: str) -> bool:
    return not run or ((len(run) > 2 or run in _SHORT_WORDS) and _is_common(run))


def _is_common(word: str) -> bool:
    """The package keeps the logarithm of a word's rank times that of the number of all words."""
    words = _frequencies()
    if len(word) > _SHORT:
        return word in words
    return words.get(word, inf) <= log(_COMMONEST * log(len(words)))


def is_word(word: str) -> bool:
    return word.lower() in _frequencies()


@cache
def _frequencies() -> Mapping[str, float]:
    import wordninja

    words: Mapping[str, float] = wordninja.DEFAULT_LANGUAGE_MODEL._wordcost
    return words


def _split(run: str) -> list[str]:
    import wordninja

    words: list[str] = wordninja.split(run)
    return words
