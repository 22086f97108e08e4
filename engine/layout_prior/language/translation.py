"""Prompts in six more languages as the words that the grammar of prompts reads: nouns by CLDR, small words by hand.

Word for word, with adjectives put before their noun. What is in no table stays as it is.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from engine.layout_prior.language.vocabulary import COLOUR_NAMES, NUMBERS, SIZES

_SMALL_WORDS = Path(__file__).with_name("foreign_words.txt")
LANGUAGES = ("de", "es", "fr", "it", "ja", "pt")  # the order of the columns
_LONGEST_PHRASE = 4  # words
_LONGEST_RUN = 10  # letters of a Japanese word
_NONE = "-"
_PLURAL_COUNT = "three"
_ELISION = re.compile(r"^(l|d|un|qu|dell|nell|sull|all|dall|c)'(?=\w{2})")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々ー]+")
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
# Endings of plurals and of adjectives, and what stands there in the dictionary; accents are folded already.
_ENDINGS: Mapping[str, Sequence[tuple[str, str]]] = {
    "de": [(ending, "") for ending in ("e", "n", "s", "er", "en", "es", "em", "ern", "nen")],
    "es": [("s", ""), ("es", ""), ("ces", "z"), ("a", "o"), ("as", "o")],
    "fr": [("s", ""), ("x", ""), ("e", ""), ("es", ""), ("aux", "al")],
    "it": [
        ("i", "o"),
        ("i", "e"),
        ("e", "a"),
        ("a", "o"),
        ("e", "o"),
        ("chi", "co"),
        ("ghi", "go"),
        ("he", "a"),
    ],
    "ja": [],
    "pt": [
        ("s", ""),
        ("es", ""),
        ("oes", "ao"),
        ("aes", "ao"),
        ("is", "l"),
        ("ns", "m"),
        ("a", "o"),
        ("as", "o"),
    ],
}
_SHORTEST_STEM = 3  # letters


@dataclass(frozen=True, slots=True)
class Meaning:
    """English words, or ``=`` and a subject's name; `inflected`: an ending was taken off to find it."""

    words: tuple[str, ...]
    is_noun: bool = False
    inflected: bool = False


class Translator:
    """Turns tokens of a prompt into English ones. `names` are those of the library's subjects."""

    def __init__(self, nouns_file: Path, names: Container[str], is_english: Callable[[str], bool]) -> None:
        self._file, self._names, self._is_english = nouns_file, names, is_english

    def translate(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """The tokens themselves where English knows as many of them as any of the other languages."""
        words = [token for token in tokens if token != "," and not token.startswith("=")]
        english = sum(map(self._is_english, words))
        if not self._tables or english == len(words):
            return tuple(tokens)
        read = {language: list(self._read(language, tokens)) for language in self._tables}
        hits = {
            language: sum(meaning is not None for _, meaning in meanings)
            for language, meanings in read.items()
        }
        best = max(hits, key=lambda language: hits[language])
        return tuple(_english(read[best])) if hits[best] > english else tuple(tokens)

    @cached_property
    def _tables(self) -> Mapping[str, Mapping[str, Meaning]]:
        """By language and folded word. A library without foreign nouns reads English only."""
        if not self._file.exists():
            return {}
        tables: dict[str, dict[str, Meaning]] = {language: {} for language in LANGUAGES}
        for language, nouns in json.loads(self._file.read_text(encoding="utf-8")).items():
            for word, english in nouns.items():
                tables[language].setdefault(_fold(word), self._noun(english))
        small: dict[str, dict[str, Meaning]] = {language: {} for language in LANGUAGES}
        for language, word, english in _small_words():
            words = () if english == _NONE else tuple(english.split())
            small[language].setdefault(_fold(word), Meaning(words))
        return {language: tables[language] | small[language] for language in LANGUAGES}

    def _noun(self, english: str) -> Meaning:
        """A name of several words by a token of its own, so that none of them is read for itself."""
        whole = " " in english and english in self._names
        return Meaning((f"={english}",) if whole else tuple(english.split()), is_noun=True)

    def _read(self, language: str, tokens: Sequence[str]) -> Iterator[tuple[str, Meaning | None]]:
        """Each word or phrase with its meaning; None for what is in no table."""
        table, words = self._tables[language], list(_split(tokens))
        at = 0
        while at < len(words):
            for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
                phrase = " ".join(words[at : at + length])
                if meaning := _look_up(phrase, language, table):
                    break
            yield from _pieces(phrase, table) if meaning is None and language == "ja" else [(phrase, meaning)]
            at += length


def _small_words() -> Iterator[tuple[str, str, str]]:
    """Language, word and its English."""
    for line in _SMALL_WORDS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            english, *columns = (part.strip() for part in line.split("|"))
            for language, words in zip(LANGUAGES, columns, strict=True):
                yield from ((language, word, english) for word in words.split())


def _split(tokens: Sequence[str]) -> Iterator[str]:
    for token in tokens:
        elision = _ELISION.match(token)
        if elision:
            yield elision[1]
        yield token[elision.end() :] if elision else token


def _look_up(phrase: str, language: str, table: Mapping[str, Meaning]) -> Meaning | None:
    folded = _fold(phrase)
    if meaning := table.get(folded):
        return meaning
    for ending, instead in _ENDINGS[language]:
        stem = folded.removesuffix(ending) + instead
        if folded.endswith(ending) and len(stem) >= _SHORTEST_STEM and (found := table.get(stem)):
            return replace(found, inflected=True)
    return None


def _pieces(run: str, table: Mapping[str, Meaning]) -> Iterator[tuple[str, Meaning | None]]:
    """Japanese has no spaces: the longest word of the table at each place."""
    if not _JAPANESE.fullmatch(run):
        yield run, None
        return
    text, unknown, at = _fold(run), "", 0
    while at < len(text):
        lengths = range(min(_LONGEST_RUN, len(text) - at), 0, -1)
        length = next((length for length in lengths if text[at : at + length] in table), 0)
        if length:
            if unknown:
                yield unknown, None
            unknown = ""
            yield run[at : at + length], table[text[at : at + length]]
        else:
            unknown += run[at]
        at += length or 1
    if unknown:
        yield unknown, None


def _english(read: Sequence[tuple[str, Meaning | None]]) -> Iterator[str]:
    """Adjectives that follow their noun come before it, and a plural without a number gets one."""
    meanings = [meaning or Meaning((word,)) for word, meaning in read]
    at, counted = 0, False
    while at < len(meanings):
        meaning = meanings[at]
        at += 1
        if not meaning.is_noun:
            is_number = meaning.words[:1] != () and meaning.words[0] in NUMBERS
            counted = is_number or (counted and _describes(meaning))
            yield from meaning.words
            continue
        while at < len(meanings) and _describes(meanings[at]):
            yield from meanings[at].words
            at += 1
        if meaning.inflected and not counted:
            yield _PLURAL_COUNT
        yield from meaning.words


def _describes(meaning: Meaning) -> bool:
    return len(meaning.words) == 1 and (meaning.words[0] in COLOUR_NAMES or meaning.words[0] in SIZES)


def _fold(text: str) -> str:
    """Lower case, without accents; Japanese in katakana."""
    if _JAPANESE.search(text):
        return text.translate(_HIRAGANA)
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
