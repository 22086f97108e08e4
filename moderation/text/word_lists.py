"""Word lists: plain ones that a community writes, and the library's, which is kept as hashes.

The library's file names no word: each line is a kind and 8 bytes of a BLAKE2b hash of the folded word, so
that the repository stays readable by everybody. `moderation/training/word_list.py` writes it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Protocol

from moderation.text.normalization import fold_text
from moderation.text.word_segmentation import Candidate, View, squeeze

SHORTEST_MISSPELT = 7  # letters; shorter words have too many harmless neighbours
_LONGEST_MISSPELT = 16
_MAX_MISSPELT = 300  # words per text that are checked for slips
_VAGUE = frozenset({View.STRETCHED, View.MASKED})  # more than one word may be read in these


class Severity(StrEnum):
    MILD = "mild"  # many lists have it: a moderator looks
    SEVERE = "severe"  # nearly all lists have it: refused


class WordList(Protocol):
    def find(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Severity]]:
        """The candidates that the list has, plain readings first."""


class Kind(StrEnum):
    """The kinds of lines in the library's file."""

    MILD = "m"
    SEVERE = "s"
    STARTER = "f"  # the first word of a phrase
    SHORTENED = "d"  # a long severe word with one letter left out
    SQUEEZED = "q"  # a word with each run of letters as one
    MASKED = "x"  # a word with some letters behind *, as people write it
    INNOCENT = "i"  # a dictionary word that a far-fetched reading takes for a listed one


_EMPTY = blake2b(digest_size=8, person=b"chatelier words")


def digest(text: str) -> bytes:
    hasher = _EMPTY.copy()  # twice as fast as a new one
    hasher.update(text.encode())
    return hasher.digest()


def deletions_of(word: str) -> set[str]:
    """The word with each one of its letters left out."""
    return {word[:place] + word[place + 1 :] for place in range(len(word))}


def masks_of(word: str) -> set[str]:
    """The word as people half hide it: one letter, two in a row, the vowels, or all but first and last."""
    stars = {
        word[:place] + "*" * count + word[place + count :]
        for count in (1, 2)
        for place in range(len(word) - count)
    }
    stars |= {re.sub("[aeiou]", "*", word), word[0] + "*" * (len(word) - 2) + word[-1]}
    return {hidden for hidden in stars if "*" in hidden and sum(letter.isalpha() for letter in hidden) >= 2}


@dataclass(frozen=True)
class HashedWords:
    """The library's list."""

    hashes: Mapping[Kind, frozenset[bytes]]

    @classmethod
    def load_bundled(cls) -> "HashedWords":
        text = resources.files("moderation.rules.prompt").joinpath("listed_words.txt").read_text("ascii")
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> "HashedWords":
        sets: dict[Kind, set[bytes]] = {kind: set() for kind in Kind}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                sets[Kind(line[0])].add(bytes.fromhex(line[1:]))
        return cls({kind: frozenset(values) for kind, values in sets.items()})

    def find(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Severity]]:
        slips = _MAX_MISSPELT
        starts: dict[str, bool] = {}  # words, and whether a phrase of the list begins with them
        for candidate in candidates:
            if candidate.view is View.PHRASE:
                first = candidate.text.partition(" ")[0]
                if first not in starts:
                    starts[first] = digest(first) in self._starters
                if not starts[first]:
                    continue
            severity = self._look_up(candidate)
            if severity is None and slips and _may_be_misspelt(candidate):
                slips -= 1
                severity = self._misspelt(candidate.text)
            if severity:
                yield candidate, severity

    def _look_up(self, candidate: Candidate) -> Severity | None:
        key = digest(candidate.text)
        if candidate.view is View.MASKED:
            return Severity.SEVERE if key in self.hashes[Kind.MASKED] else None
        severity = self._severity(key)
        if severity is None and candidate.view is View.STRETCHED and key in self.hashes[Kind.SQUEEZED]:
            severity = Severity.SEVERE
        if severity and candidate.view is not View.PLAIN and digest(candidate.plain) in self._innocent:
            return None
        return severity

    def _severity(self, key: bytes) -> Severity | None:
        if key in self.hashes[Kind.SEVERE]:
            return Severity.SEVERE
        return Severity.MILD if key in self.hashes[Kind.MILD] else None

    def _misspelt(self, word: str) -> Severity | None:
        """One letter too few, too many, wrong, or two swapped, in a long severe word."""
        key = digest(word)
        if key in self._innocent:
            return None
        known, severe = self.hashes[Kind.SHORTENED], self.hashes[Kind.SEVERE]
        slips = [digest(neighbour) for neighbour in deletions_of(word)]
        return (
            Severity.MILD if key in known or any(slip in known or slip in severe for slip in slips) else None
        )

    @cached_property
    def _starters(self) -> frozenset[bytes]:
        return self.hashes[Kind.STARTER]

    @cached_property
    def _innocent(self) -> frozenset[bytes]:
        return self.hashes[Kind.INNOCENT]


def _fits(pattern: str, word: str) -> bool:
    """Whether a word of the same length is what stands behind the pattern's stars."""
    pairs = zip(pattern, word, strict=True)
    return all(shown == letter or (shown == "*" and "a" <= letter <= "z") for shown, letter in pairs)


def _may_be_misspelt(candidate: Candidate) -> bool:
    length = len(candidate.text)
    return candidate.view is View.PLAIN and SHORTEST_MISSPELT - 1 <= length <= _LONGEST_MISSPELT


@dataclass(frozen=True)
class PlainWords:
    """A community's own words and phrases, at most four words each. All are severe."""

    words: frozenset[str]

    @classmethod
    def of(cls, words: Iterable[str]) -> "PlainWords":
        return cls(frozenset(folded for word in words if (folded := fold_text(word))))

    @classmethod
    def from_file(cls, path: Path) -> "PlainWords":
        """One word or phrase a line; empty lines and lines that begin with # do not count."""
        lines = (line.strip() for line in path.read_text("utf-8").splitlines())
        return cls.of(line for line in lines if line and not line.startswith("#"))

    def find(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Severity]]:
        for candidate in candidates:
            if candidate.text in self.words or (candidate.view in _VAGUE and self._resembles(candidate)):
                yield candidate, Severity.SEVERE

    def _resembles(self, candidate: Candidate) -> bool:
        if candidate.view is View.STRETCHED:
            return candidate.text in self._squeezed
        return any(_fits(candidate.text, word) for word in self._by_length.get(len(candidate.text), ()))

    @cached_property
    def _squeezed(self) -> frozenset[str]:
        return frozenset(map(squeeze, self.words))

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        lengths: dict[int, list[str]] = {}
        for word in self.words:
            lengths.setdefault(len(word), []).append(word)
        return lengths
