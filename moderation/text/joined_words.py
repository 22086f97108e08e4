"""English words that stand without a space between them, or in ROT13, told by a dictionary.

The dictionary is that of the package `symspellpy` (MIT): 82,765 words with their counts in Google's Ngrams, about 10 MB
in memory. Its own segmentation indexes misspellings too, which takes seconds and six times the memory, so a run of
letters is split here, by the usual dynamic programming over word frequencies.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from math import inf, log

_JOINED = re.compile(r"[A-Za-z]{8,200}")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SHORTEST_RUN = 10  # letters; shorter runs without humps are names as often as words
_SHORTEST_OF_TWO = 4  # letters of each, where a run is only two words
_COMMONEST = 30_000  # rarer short words are likelier names, or what a misspelt word happens to be made of
_SHORT = 7  # letters
_RARE_AMONG = 4  # words, of which one may be a rarer one, that has some length
_SHORTEST_RARE = 4  # letters
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers")
_LONGEST_RUN = 40
_LONGEST_WORD = 20
_SHORTEST_AROUND, _SHORTEST_INNER = 11, 4  # letters of the run, and of the word in it
_SHORT_WORDS = frozenset(
    "a i am an as at be by do go he if in is it me my no of on or so to up us we".split()
)
_WORD = re.compile(r"[A-Za-z]{3,}")
_SHORTEST_ROTATED = 5  # letters of a word that is in ROT13 by itself


def split_runs(text: str) -> Iterator[str]:
    """Each run of letters that is no word, as the words that it is made of: "redApple" is "red Apple"."""
    for match in dict.fromkeys(_JOINED.findall(text)):
        if is_word(match):
            continue
        words = _HUMP.split(match)
        if len(words) == 1 and len(match) >= _SHORTEST_RUN:
            words = _split(match.lower())
            words = words if _are_likely(words) else []
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


def decode_rot13(text: str) -> str | None:
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


def _are_likely(words: list[str]) -> bool:
    """Whether a run without humps is these words: common ones, and few others beside them."""
    rare = [word for word in words if not _is_common_form(word)]
    return len(rare) <= len(words) // _RARE_AMONG and all(len(word) >= _SHORTEST_RARE for word in rare)


def _is_common_form(word: str) -> bool:
    """Of the word itself, or of what it ends in -s, -ed or -ing of: "stabs" is rare, "stab" is not."""
    return _is_common(word) or any(
        word.endswith(ending) and len(word) - len(ending) > 2 and _is_common(word.removesuffix(ending))
        for ending in _ENDINGS
    )


def _is_common_or_empty(run: str) -> bool:
    return not run or ((len(run) > 2 or run in _SHORT_WORDS) and _is_common(run))


def _is_common(word: str) -> bool:
    rank = _ranks().get(word)
    return rank is not None and (len(word) > _SHORT or rank < _COMMONEST)


def is_word(word: str) -> bool:
    return word.lower() in _ranks()


@cache
def _ranks() -> Mapping[str, int]:
    """Each word's place by frequency, from 0."""
    with (files("symspellpy") / "frequency_dictionary_en_82_765.txt").open(encoding="utf-8-sig") as lines:
        counts = [(int(count), word) for word, count in (line.split() for line in lines)]
    return {word: rank for rank, (_, word) in enumerate(sorted(counts, reverse=True))}


def _split(run: str) -> list[str]:
    """The likeliest words of a run, or none. A word costs its rank's logarithm (Zipf's law)."""
    best: list[tuple[float, list[str]]] = [(0.0, [])]
    for stop in range(1, len(run) + 1):
        found = (
            (best[start][0] + log(2.0 + rank), [*best[start][1], run[start:stop]])
            for start in range(max(0, stop - _LONGEST_WORD), stop)
            if (rank := _ranks().get(run[start:stop])) is not None and best[start][0] < inf
        )
        best.append(min(found, default=(inf, [])))
    return best[-1][1]
