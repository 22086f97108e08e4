"""One text, read in every way that a person might have hidden a word in it.

All prompt rules read through here, so a trick that is seen through once is seen through by all. Work is
linear in the length of the text, which is bounded before and after.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from moderation.candidates import WORD, Candidate, View, candidates, spoken, too_disguised
from moderation.encodings import revealed
from moderation.letters import fold

MAX_CHARACTERS = 10_000
_MAX_FOLDED = 20_000
_MAX_CANDIDATES = 10_000  # more in one text is not how anybody asks for a picture: the reading is cut
_ORDER = {view: place for place, view in enumerate(View)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`words` are the folded words in order; `candidates` holds each reading once, plain ones first.

    `spoken` is the text with spelled, doubled and leet letters put right, as it would be read aloud.
    """

    words: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    spoken: str
    cut: bool  # the text was longer, or more disguised, than what was read

    @property
    def text(self) -> str:
        return " ".join(self.words)


@lru_cache(maxsize=256)
def read(text: str) -> Reading:
    """Read at most the first 10,000 characters, and what is encoded in them."""
    texts = [_folded(each) for each in revealed(text[:MAX_CHARACTERS])]
    chunks = " ".join(texts)[:_MAX_FOLDED].split()
    words = tuple(word for chunk in chunks for word in WORD.findall(chunk))
    found = list(dict.fromkeys(islice(candidates(chunks, words), _MAX_CANDIDATES)))
    found.sort(key=lambda each: _ORDER[each.view])
    cut = len(text) > MAX_CHARACTERS or len(found) == _MAX_CANDIDATES or too_disguised(chunks)
    return Reading(words=words, candidates=tuple(found), spoken=spoken(_said(texts)), cut=cut)


def _said(texts: Sequence[str]) -> list[str]:
    """The chunks of the text, and of what was decoded in it the phrases: a lone word may be one by chance only."""
    plain, *hidden = texts
    phrases = [each for each in hidden if " " in each.strip() and each.replace(" ", "") not in plain]
    return " ".join([plain, *phrases])[:_MAX_FOLDED].split()


def fold_text(text: str) -> str:
    """The text as its folded words with one space between: the form in which lists keep their words."""
    return " ".join(WORD.findall(_folded(text[:MAX_CHARACTERS])))


def _folded(text: str) -> str:
    # Twice: some characters decompose into others that have a plain look-alike only in composed form.
    composed = unicodedata.normalize("NFKC", "".join(map(fold, text)))[:_MAX_FOLDED]
    return "".join(map(fold, unicodedata.normalize("NFKD", composed)[:_MAX_FOLDED]))
