"""Every way to read the words of a folded text, from the plainest to the most far-fetched, in linear time."""

import codecs
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice, pairwise
from typing import NamedTuple

from moderation.text.joined_words import inner_words, is_word

_MAX_WORD = 40  # longer runs of letters are no word
_LONGEST_PHRASE = 4  # words
# More than this in one text is not how anybody asks for a picture: the reading is cut.
_MAX_DISGUISED = 150  # chunks with leetspeak or hidden letters
_SHORTEST_ROTATED = 5  # letters; a short word of another language may be a listed one in ROT13
_MAX_SPELLED = 120  # letters with spaces between

WORD = re.compile(r"[^\W_]+")
_LEET_ONE = str.maketrans("013457896@$!|+(€£%¥", "oieastbgbasiitcelxy")
_LEET_TWO = str.maketrans("013457892@$!|+(€£%¥", "oleastbgzasIltcelxy".lower())
_LEET_GROUPS = tuple(
    pair.split("=")
    for pair in r"|\|=n /\/\=m \/\/=w |-|=h |\/|=m |_|=u \/=v |<=k |)=d /\=a ()=o []=o ><=x".split()
)
_LEET_SIGN = re.compile(r"[0-9@$!|+(€£%¥]")
_GROUP_SIGN = re.compile(r"[|/\\(\[>]")
_LETTER = re.compile(r"[^\W\d_]")
# A number with a unit or an ordinal ("45s", "24-70mm", "4k", "1980s", "2nd"), and the lens openings that are made
# ("f1.8", "f/22"). Left out is what spells listed words: the unit x, 900k, openings that no lens has, and seconds of
# four digits that are no decade.
_AMOUNT = (
    r"(?:(?:\d{1,3}|\d{3}0|\d+[.,]\d+)'?s|(?:\d{1,2}|\d{4,5})k|\d+(?:[.,:]\d+)*"
    r"(?:secs?|ms|mins?|h|hrs?|mm|cm|dm|m|km|nm|ft|yds?|p|i|px|mp|fps|hz|khz|mhz|ghz|kg|g|mg|lbs?|oz|l|ml|cl|w|kw"
    r"|kb|mb|gb|tb|bit|d|st|nd|rd|th|am|pm|mph|kmh|kph|deg|cc|hp|ev)?)"
)
_OPENING = r"f/?(?:\d{1,2}\.\d|[1-9]|1[0-8]|2[02]|32|45|64)"
_MEASURE = re.compile(rf"(?:{_OPENING}|{_AMOUNT}(?:[-/]{_AMOUNT})*)")
_AMOUNTS = re.compile(r"(?:\d+(?:k|mm|p|s|d|f)?)+")  # "4 k 8 k", letter by letter
_AROUND = ".,;:!?\"'()[]{}~+"
_INSIDE = re.compile(r"[^\W\d_][0-9@$!|+(€£%¥]+[^\W\d_]")
_RUN = re.compile(r"(.)\1+")
_LONG_RUN = re.compile(r"(.)\1\1")
_THRICE = re.compile(r"([^\W\d_])\1{2,}")
_WILDCARD = re.compile(r"[*#•·█■?]|(?<=\w)[-_.](?=\w)")
_MASKED = re.compile(r"[^\W_]+(?:[*#•█■?_-]{1,6}[^\W_]*)+")
# Two letters that are words of their own and so no piece of a broken one.
_SHORT_WORDS = frozenset(
    "a am an as at ax be by da de do du e ed el en et go he hi i if in is it la le me my no o of oh on or os "
    "ox pi re se so st to tv uk un up us vs we y ya".split()
)


class View(StrEnum):
    """How a word was read, from the plainest to the most far-fetched."""

    PLAIN = "plain"
    PHRASE = "phrase"
    JOINED = "joined"  # separators left out
    LEET = "leet"
    SQUEEZED = "squeezed"  # a letter repeated
    STRETCHED = "stretched"  # a letter repeated three times or more
    SPELLED = "spelled"  # letters with spaces between
    MASKED = "masked"  # some letters hidden behind signs; `text` has * for each
    REVERSED = "reversed"
    ROTATED = "ROT13"


# Readings that no grave suspicion is founded on.
FAR_FETCHED = frozenset({View.REVERSED, View.ROTATED})


class Candidate(NamedTuple):
    """One way to read a part of the text: `text` is folded, words of a phrase have one space between.

    `plain` is the word as it stands in the text, folded: what an exception list speaks of. A tuple, because a long
    text has ten thousand of them.
    """

    view: View
    text: str
    plain: str


def squeeze(word: str) -> str:
    """Each run of one letter as a single letter: ``"boook"`` becomes ``"bok"``."""
    return _RUN.sub(r"\1", word)


def candidates(chunks: list[str], words: tuple[str, ...]) -> Iterator[Candidate]:
    """`chunks` is what stands between two spaces, with all its signs; `words` are the words in order."""
    for word in dict.fromkeys(words):
        yield from _of_word(word)
    signs = [chunk for chunk in dict.fromkeys(chunks) if not chunk.isalpha() and len(chunk) <= 2 * _MAX_WORD]
    for chunk in signs:
        yield from _without_separators(chunk)
    for chunk in islice(filter(_takes_leet, signs), _MAX_DISGUISED):
        yield from _leet(chunk)
    for chunk in islice(filter(_WILDCARD.search, signs), _MAX_DISGUISED):
        yield from _masked_candidates(chunk)
    yield from _phrases(words)
    yield from _phrases(_without_leet(chunks))
    yield from _broken_candidates(words)
    yield from _spelled_candidates(chunks)
    for word in dict.fromkeys(words):
        if word.isascii() and _SHORTEST_ROTATED <= len(word) <= _MAX_WORD and not is_word(word):
            yield from (Candidate(View.JOINED, inner, inner) for inner in inner_words(word))
            yield Candidate(View.ROTATED, codecs.encode(word, "rot13"), word)


def too_disguised(chunks: list[str]) -> bool:
    """Whether there are more disguised pieces than are read."""
    signs = sum(1 for chunk in set(chunks) if _takes_leet(chunk) or _WILDCARD.search(chunk))
    return signs > _MAX_DISGUISED or sum(len(run) for run in _letter_runs(chunks)) > _MAX_SPELLED


def read_aloud(chunks: Iterable[str]) -> str:
    """The text as somebody reads it aloud, for those who judge what words mean together.

    Letters with spaces or signs between are one word, digits and signs inside a word are letters, and a letter
    that stands three times or more stands once.
    """
    words: list[str] = []
    letters = ""
    for chunk in (*chunks, ""):
        pieces = WORD.findall(chunk)
        if len(pieces) > 2 and all(len(piece) == 1 for piece in pieces):
            pieces = ["".join(pieces)]
        if len(pieces) == 1 and len(pieces[0]) == 1:
            letters += pieces[0]
            continue
        words += [letters] if len(letters) > 2 and not _AMOUNTS.fullmatch(letters) else letters
        letters = ""
        words += pieces if not _INSIDE.search(chunk) else WORD.findall(chunk.translate(_LEET_ONE))
    return " ".join(_THRICE.sub(r"\1", _read_leet(word)) for word in words)


def _read_leet(word: str) -> str:
    return word.translate(_LEET_ONE) if _INSIDE.search(word) else word


def _takes_leet(chunk: str) -> bool:
    if chunk.isalpha() or _MEASURE.fullmatch(chunk.strip(_AROUND)):
        return False
    return bool((_LEET_SIGN.search(chunk) or _GROUP_SIGN.search(chunk)) and _LETTER.search(chunk))


def _of_word(word: str) -> Iterator[Candidate]:
    if len(word) > _MAX_WORD:
        return
    yield Candidate(View.PLAIN, word, word)
    yield from _squeezed_candidates(word, word)
    if len(word) > 3:
        yield Candidate(View.REVERSED, word[::-1], word)


def _squeezed_candidates(word: str, plain: str) -> Iterator[Candidate]:
    if len(word) > 3 and _RUN.search(word):
        yield Candidate(View.SQUEEZED, squeeze(word), plain)
        if _LONG_RUN.search(word):
            yield Candidate(View.STRETCHED, squeeze(word), plain)


def _without_separators(chunk: str) -> Iterator[Candidate]:
    """A chunk is what stands between two spaces, with all its signs."""
    joined = "".join(WORD.findall(chunk))
    if joined != chunk and 3 < len(joined) <= _MAX_WORD:
        yield Candidate(View.JOINED, joined, joined)
        yield Candidate(View.REVERSED, joined[::-1], joined)
        yield from _squeezed_candidates(joined, joined)


def _leet(chunk: str) -> Iterator[Candidate]:
    bare = chunk.rstrip("!?.,;:)")
    forms = {
        reading.translate(table)
        for reading in (chunk, bare, _without_group(bare))
        for table in (_LEET_ONE, _LEET_TWO)
    }
    for form in sorted(forms):
        pieces = WORD.findall(form)
        for word in {*pieces, "".join(pieces)}:
            if 2 < len(word) <= _MAX_WORD:
                yield Candidate(View.LEET, word, word)
                yield Candidate(View.REVERSED, word[::-1], word)
                yield from _squeezed_candidates(word, word)


def _without_leet(chunks: list[str]) -> tuple[str, ...]:
    """The words of a text with some leetspeak in it; none for a text without."""
    if not any(map(_takes_leet, chunks)):
        return ()
    plain = (chunk.translate(_LEET_ONE) if _takes_leet(chunk) else chunk for chunk in chunks)
    return tuple(word for chunk in plain for word in WORD.findall(chunk))


def _without_group(chunk: str) -> str:
    for signs, letter in _LEET_GROUPS:
        chunk = chunk.replace(signs, letter)
    return chunk


def _masked_candidates(chunk: str) -> Iterator[Candidate]:
    for match in _MASKED.finditer(chunk):
        pattern = re.sub(r"[^\w]|_", "*", match[0].rstrip("?-_"))
        if "*" in pattern and 3 <= len(pattern) <= 20:
            yield Candidate(View.MASKED, pattern, pattern)


def _phrases(words: tuple[str, ...]) -> Iterator[Candidate]:
    for length in range(2, _LONGEST_PHRASE + 1):
        for phrase in map(" ".join, zip(*(words[start:] for start in range(length)), strict=False)):
            yield Candidate(View.PHRASE, phrase, phrase)


def _broken_candidates(words: tuple[str, ...]) -> Iterator[Candidate]:
    """A word with one space in it. "pen is" is none: its second piece is a word of its own."""
    short = {word for word in words if _fragment(word)}
    for first, second in pairwise(words) if short else ():
        if first in short or second in short:
            joined = first + second
            if 3 < len(joined) <= _MAX_WORD:
                yield Candidate(View.JOINED, joined, joined)


def _fragment(word: str) -> bool:
    return len(word) < 3 and not word.isdigit() and word not in _SHORT_WORDS


def _spelled_candidates(chunks: list[str]) -> Iterator[Candidate]:
    """Three or more single letters in a row are one run; every stretch of it may be the word."""
    left = _MAX_SPELLED
    for run in _letter_runs(chunks):
        read_run = run[:left]
        left -= len(read_run)
        for letters in {read_run.translate(_LEET_ONE), read_run.translate(_LEET_TWO)}:
            yield Candidate(View.SPELLED, letters, run)
            yield Candidate(View.REVERSED, letters[::-1], run)
            for length in range(4, min(13, len(letters))):
                for start in range(len(letters) - length + 1):
                    yield Candidate(View.SPELLED, letters[start : start + length], run)


def _letter_runs(chunks: Iterable[str]) -> Iterator[str]:
    run = ""
    for chunk in (*chunks, "  "):
        letter = chunk if chunk.isalpha() else chunk.strip(".,;:-_/'\"~")
        if len(letter) == 1:
            run += letter
            continue
        if len(run) > 2 and not _AMOUNTS.fullmatch(run):
            yield run
        run = ""
