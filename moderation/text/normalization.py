"""One text, read in every way that a person might have hidden a word in it.

All prompt rules read through here, so a trick that is seen through once is seen through by all. Work is
linear in the length of the text, which is bounded before and after.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

from moderation.text.decoding import decode_hidden
from moderation.text.homoglyphs import fold
from moderation.text.word_segmentation import WORD, Candidate, View, candidates, read_aloud, too_disguised
from studio.parsing.prompt_weights import joined_words, plain_words, touching_pieces

MAX_CHARACTERS = 10_000
_MAX_FOLDED = 20_000
_MAX_CANDIDATES = 10_000  # more in one text is not how anybody asks for a picture: the reading is cut
_MAX_JOINED = 1_000  # words put together from pieces with weights
_LONGEST_JOINED = 40  # letters: longer runs are no word
_ORDER = {view: place for place, view in enumerate(View)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NormalizedText:
    """Equal to itself only, so that what was found in a reading can be remembered by it.

    `words` are the folded words in order; `candidates` holds each reading once, plain ones first.

    Where the text has weights, as in ``(a hat:1.3)``, `words` are those of its versions without weights, and
    `candidates` those of the text as typed too. `spoken` is each version of the text with spelled, doubled and leet
    letters put right, as it would be read aloud; `joined` are the phrases that stood without spaces.
    """

    words: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    spoken: tuple[str, ...]
    joined: tuple[str, ...]
    cut: bool  # the text was longer, or more disguised, than what was read

    @property
    def text(self) -> str:
        return " ".join(self.words)


@lru_cache(maxsize=256)
def read(text: str) -> NormalizedText:
    """Read at most the first 10,000 characters, with and without their weights, and what is encoded in them."""
    typed = text[:MAX_CHARACTERS]
    unweighted = [_Version(version) for version in without_weights(typed)]
    joined = list(islice(_join_pieces(typed), _MAX_JOINED))
    versions = [_Version(typed), *unweighted, *([_Version(" ".join(joined))] if joined else [])]
    plain = versions[1:] or versions
    # Each version by itself: its last word and the first one of the next are no phrase.
    found = list(dict.fromkeys(candidate for version in versions for candidate in version.candidates))
    found.sort(key=lambda candidate: _ORDER[candidate.view])
    return NormalizedText(
        words=tuple(word for version in plain for word in version.words),
        candidates=tuple(found),
        spoken=tuple(dict.fromkeys(version.spoken for version in plain)),
        joined=tuple(dict.fromkeys(phrase for version in plain for phrase in version.joined)),
        cut=len(text) > MAX_CHARACTERS
        or len(joined) == _MAX_JOINED
        or any(version.cut for version in versions),
    )


def without_weights(text: str) -> tuple[str, ...]:
    """The prompt as models read it, and as a person does where a weight stands inside a word; none without weights."""
    plain = plain_words(text)
    return tuple(dict.fromkeys((plain, joined_words(text)))) if plain != text else ()


def _join_pieces(text: str) -> Iterator[str]:
    """Neighbours among three or more pieces that have no space between: ``(a:1)n(ote:1)`` may hide "note"."""
    for pieces in touching_pieces(text):
        for start in range(len(pieces) if len(pieces) > 2 else 0):
            word = pieces[start]
            for piece in pieces[start + 1 :]:
                word += piece
                if len(word) > _LONGEST_JOINED:
                    break
                yield word


class _Version:
    """One way to read the weights of a text: its folded words and what is encoded in them."""

    def __init__(self, text: str) -> None:
        self._texts = [_fold_composed(piece) for piece in decode_hidden(text)]
        self._chunks = " ".join(self._texts)[:_MAX_FOLDED].split()
        self.words = tuple(word for chunk in self._chunks for word in WORD.findall(chunk))

    @cached_property
    def candidates(self) -> list[Candidate]:
        return list(islice(candidates(self._chunks, self.words), _MAX_CANDIDATES))

    @property
    def cut(self) -> bool:
        return len(self.candidates) == _MAX_CANDIDATES or too_disguised(self._chunks)

    @property
    def spoken(self) -> str:
        """Of the text, and of what was decoded in it the phrases: a lone word may be one by chance only."""
        phrases = [phrase for phrase in self._phrases if not self._is_joined(phrase)]
        return read_aloud(" ".join([self._texts[0], *phrases])[:_MAX_FOLDED].split())

    @property
    def joined(self) -> list[str]:
        return list(filter(self._is_joined, self._phrases))

    @property
    def _phrases(self) -> list[str]:
        return [piece for piece in self._texts[1:] if " " in piece.strip()]

    def _is_joined(self, phrase: str) -> bool:
        return phrase.replace(" ", "") in self._texts[0]


def fold_text(text: str) -> str:
    """The text as its folded words with one space between: the form in which lists keep their words."""
    return " ".join(WORD.findall(_fold_composed(text[:MAX_CHARACTERS])))


def _fold_composed(text: str) -> str:
    # Twice: some characters decompose into others that have a plain look-alike only in composed form.
    composed = unicodedata.normalize("NFKC", "".join(map(fold, text)))[:_MAX_FOLDED]
    return "".join(map(fold, unicodedata.normalize("NFKD", composed)[:_MAX_FOLDED]))
