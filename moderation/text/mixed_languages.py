"""Texts whose clauses are in several languages: which part is in which, so that each is judged in its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from moderation.languages.romanization import RUSSIAN, to_cyrillic
from moderation.text.joined_words import is_word
from moderation.text.language_id import ENGLISH, LATIN, WORD, Language, foreign, identify, language_of
from moderation.text.text_windows import WindowedText, spans_of, windows_of

# A clause of a prompt is short, and names of artists look like many languages.
_SURE, _SURE_OF_FEW = 0.6, 0.9  # chance of the likeliest language, and for fewer than four words
_MANY_WORDS = 4
_FEWEST_NOT_ENGLISH = 0.5  # share of the words
_ENGLISH_ONLY = frozenset({ENGLISH})
_ENGLISH_WORDS, _ENGLISH_SHARE, _ENGLISH_CHANCE = 3, 0.75, 0.5


@dataclass(frozen=True, slots=True)
class TextInLanguages:
    """`languages` has the ISO code of each span of `windowed`."""

    windowed: WindowedText
    languages: tuple[str, ...]


def split_languages(text: str) -> TextInLanguages:
    """The text and its windows; where clauses are in several languages, also each run of clauses in one of them."""
    windowed, whole = windows_of(text), language_of(text)
    clauses = _languages_of_clauses(windowed.pieces, whole)
    if set(clauses) == {whole}:
        return TextInLanguages(windowed, (whole,) * len(windowed.spans))
    pieces = tuple(map(_in_own_script, windowed.pieces, clauses))
    spans = dict.fromkeys((*windowed.spans, *_runs(pieces, clauses)))
    languages = [_language_of_span(clauses[start:stop], whole) for start, stop in spans]
    return TextInLanguages(replace(windowed, pieces=pieces, spans=tuple(spans)), tuple(languages))


def foreign_clause(text: str, accepted: frozenset[str]) -> Language | None:
    """The language of the first clause that is surely in none of the accepted ones."""
    clauses = (_foreign_words(clause, accepted) for clause in windows_of(text).pieces)
    return next(filter(None, clauses), None)


def _languages_of_clauses(pieces: Sequence[str], whole: str) -> list[str]:
    """A clause that is too short to tell goes with the one before it, at the start with the next one."""
    found = [_language_of_clause(piece, whole) for piece in pieces]
    known = next(filter(None, found), whole)
    return [known := language or known for language in found]


@lru_cache(maxsize=1024)
def _language_of_clause(clause: str, whole: str) -> str | None:
    """The language of the whole text counts where the clause may be in it."""
    if _foreign_words(clause, _ENGLISH_ONLY):
        return language_of(clause) if _foreign_words(clause, _ENGLISH_ONLY | {whole}) else whole
    words = [word for word in WORD.findall(clause) if LATIN.search(word)]
    if len(words) < _ENGLISH_WORDS or sum(map(is_word, words)) < _ENGLISH_SHARE * len(words):
        return None
    if whole == ENGLISH:
        return ENGLISH
    likeliest = identify(" ".join(words).lower())[0]
    return ENGLISH if likeliest.code == ENGLISH and likeliest.chance >= _ENGLISH_CHANCE else None


def _foreign_words(clause: str, accepted: frozenset[str]) -> Language | None:
    words = WORD.findall(clause)
    latin = all(map(LATIN.search, words))
    if latin and sum(not is_word(word) for word in words) < _FEWEST_NOT_ENGLISH * len(words):
        return None
    found = foreign(clause, accepted)
    if found is None or (not latin and accepted == _ENGLISH_ONLY):  # its script alone tells it from English
        return found
    return found if found.chance >= (_SURE if len(words) >= _MANY_WORDS else _SURE_OF_FEW) else None


def _runs(pieces: Sequence[str], languages: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Of neighbouring clauses in one language, in windows where they are long."""
    start = 0
    for _, run in groupby(languages):
        stop = start + len(list(run))
        whole, *windows = spans_of(pieces[start:stop])
        yield from ((start + first, start + last) for first, last in windows or [whole])
        start = stop


def _language_of_span(clauses: Sequence[str], whole: str) -> str:
    return clauses[0] if len(set(clauses)) == 1 else whole


def _in_own_script(piece: str, language: str) -> str:
    return to_cyrillic(piece) if language == RUSSIAN and piece.isascii() else piece
