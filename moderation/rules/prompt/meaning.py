"""What the words mean together, as a classifier sees it.

It reads the wish by itself and together with the prompts of the pictures it starts from, so that harm spread over
several steps adds up. One word alone is judged where it is an English one: a name or a code says nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

from moderation.languages.romanization import RUSSIAN, to_cyrillic
from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import TOO_LONG_TO_JUDGE
from moderation.policy.findings import Finding
from moderation.rules.harmless_mentions import without_harmless_mentions
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.joined_words import is_word
from moderation.text.language_id import ENGLISH, language_of
from moderation.text.mixed_languages import split_languages
from moderation.text.normalization import fold_text, read
from moderation.text.prompt_classifier import LANGUAGES, Classifier, ClassifierScores, add_odds
from moderation.text.sentence_encoder import load_in_background
from moderation.text.text_windows import WORDS, count_words, windows_of
from moderation.text.word_segmentation import WORD
from studio.domain.verdicts import Ruling
from studio.parsing.prompt_weights import plain_words

MAX_CHARACTERS = 2_000  # what the classifier reads in good time
_WRITTEN_TOGETHER = 9  # letters: a longer word that was spelled is likely several
_LINKED = re.compile(r"[^\W_](?:_|[-.+/~][^\W_]+[-.+/~])[^\W_]")  # underscores, or three words in a row
_MARKED = re.compile(rf"{_LINKED.pattern}|[^\W_][()\[\]{{}}<>*~^|_]+[^\W_]?|[()\[\]{{}}<>*~^|_]+[^\W_]")
# Added to the logarithm of the odds of harm of texts put together from steps, which nobody wrote as they stand:
# two neighbours, and all steps. Chosen on chains of harmless prompts and captions.
_NEIGHBOURS, _TOGETHER = -0.1, -0.3
_MOST_PAIRS = 24  # of neighbours in a lineage, the nearest ones; what is older is judged together only
_TAIL = 10  # words of a step that are read together with the next one
_SHORT_STEP = 20  # words; of a longer one only the first clause stands beside the other steps
_CLAUSE = re.compile(r"(?<=[,.;:!?\n])\s+")


class Judge(Protocol):
    def judge(self, texts: list[str]) -> list[ClassifierScores]: ...


class Meaning:
    name = "meaning"

    def __init__(self, judge: Judge | None = None) -> None:
        self._judge = judge or Classifier.load_bundled()

    def warm_up(self) -> None:
        """Start loading the encoder; without this the first prompt waits for it."""
        load_in_background()

    def judge(self, subject: PromptSubject) -> Finding | None:
        """The likeliest harm with its score. How much is too much, the policy says."""
        if max(map(len, subject.wished), default=0) > MAX_CHARACTERS:
            return Finding(
                ruling=Ruling.HOLD, rule=self.name, category=Category.UNCHECKED, evidence=TOO_LONG_TO_JUDGE
            )
        shifts: dict[str, float] = {}
        for written, shift in _texts(subject):
            text, language = in_own_script(written)
            if language in LANGUAGES or not LANGUAGES.isdisjoint(split_languages(text).languages):
                shifts[text] = max(shift, shifts.get(text, shift))
        if not shifts:
            return None
        texts = list(shifts)
        scores = [
            _shift_odds(score, shifts[text])
            for text, score in zip(texts, self._judge.judge(texts), strict=True)
        ]
        worst = max(scores, key=lambda score: score.harm)
        return Finding(
            ruling=Ruling.REFUSE,
            rule=self.name,
            category=worst.category,
            evidence=f"{worst.category}: {worst.harm:.2f}",
            score=worst.harm,
            words=worst.window,
        )


def in_own_script(text: str) -> tuple[str, str]:
    """The text and its language; Russian in Latin letters gets its own, which the encoder knows."""
    language = language_of(text)
    return (to_cyrillic(text) if language == RUSSIAN and text.isascii() else text), language


def _shift_odds(score: ClassifierScores, shift: float) -> ClassifierScores:
    return replace(score, harm=add_odds(score.harm, shift)) if shift else score


def _texts(subject: PromptSubject) -> Iterator[tuple[str, float]]:
    """Each with what is added to the logarithm of its odds."""
    lineage = tuple(map(without_harmless_mentions, subject.lineage))
    for words in map(without_harmless_mentions, subject.own):
        yield from _texts_of(", ".join(filter(None, (words, subject.style))), lineage)
    if subject.inverted:
        yield from _texts_of(subject.negative, ())


def _texts_of(own: str, lineage: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    if _says_something(own):
        yield own, 0.0
    yield from ((text, 0.0) for text in _plain_readings(own))
    for text, shift in _texts_of_lineage([*lineage, own]) if lineage else ():
        if _says_something(text):
            yield text, shift


def _texts_of_lineage(steps: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Windows of at most 20 words, so that a long harmless parent hides nothing: what each step adds, beside the end of
    the one before; all short steps together with the first clauses of long ones; and a short last step beside each few
    of those that are further away.

    But for the last kind a window says the same in every later step, so that the classifier has it in its cache.
    """
    parts = list(_additions(steps))
    for earlier, later in pairwise(parts[-_MOST_PAIRS - 1 :]):
        tail = " ".join(earlier.split()[-_TAIL:])
        yield from ((text, _NEIGHBOURS) for text in _windows(f"{tail}, {later}"))
    yield from ((text, _TOGETHER) for text in _windows(", ".join(map(_short, parts))))
    yield from ((f"{few}, {parts[-1]}", _TOGETHER) for few in _few_beside(parts))


def _few_beside(parts: Sequence[str]) -> Iterator[str]:
    """What is too far away to stand in a window with the last step, ten words at a time, where that step is short."""
    if not parts or count_words(parts[-1]) > _TAIL:
        return
    few: list[str] = []
    for part in _far_away(parts):
        beginning = _beginning(part, _TAIL)
        if few and sum(map(count_words, few)) + count_words(beginning) > _TAIL:
            yield ", ".join(few)
            few = []
        few.append(beginning)
    if few:
        yield ", ".join(few)


def _far_away(parts: Sequence[str]) -> Sequence[str]:
    words, place = count_words(parts[-1]), len(parts) - 1
    while place and words + count_words(_short(parts[place - 1])) <= WORDS:
        place -= 1
        words += count_words(_short(parts[place]))
    return parts[: min(place, len(parts) - 2)] if len(parts) > 1 else ()


def _additions(steps: Sequence[str]) -> Iterator[str]:
    """The clauses of each step that no earlier one has."""
    seen: set[str] = set()
    for step in steps:
        clauses = {clause.casefold().strip(" ,.;:!?"): clause for clause in _CLAUSE.split(plain_words(step))}
        if new := [clause for key, clause in clauses.items() if key and key not in seen]:
            yield " ".join(new)
        seen.update(clauses)


def _short(part: str) -> str:
    return _beginning(part, _SHORT_STEP)


def _beginning(part: str, words: int) -> str:
    """The part, or of a longer one so many words of its first clause."""
    return part if count_words(part) <= words else " ".join(_CLAUSE.split(part)[0].split()[:words])


def _windows(text: str) -> list[str]:
    whole, *windows = windows_of(text).texts
    return windows or [whole]


def _plain_readings(own: str) -> Iterator[str]:
    """Disguised letters and weights say nothing to the encoder: it also reads the text as it is seen and spoken."""
    reading = read(own)
    yield from reading.joined
    # Accents belong to other languages; in English they are a disguise.
    typed = " ".join(WORD.findall(own.lower())) if language_of(own) == ENGLISH else fold_text(own)
    linked = not _several(own) or bool(_LINKED.search(own))
    for spoken in reading.spoken:
        spelled_together = _several(own) and len(spoken) >= _WRITTEN_TOGETHER
        differs = linked or spoken != typed
        if differs and (_says_something(spoken) or spelled_together):
            yield from _changed_windows(spoken, own)


def _changed_windows(spoken: str, own: str) -> Iterator[str]:
    """Of a long text only around words that are written otherwise, each in the window that it stands in the middle of;
    the rest is judged as it was typed.
    """
    plain = (word for word in own.lower().split() if not _MARKED.search(word))
    typed = set(WORD.findall(" ".join(plain)))
    windowed = windows_of(spoken)
    if len(windowed.spans) == 1:
        yield spoken
        return
    changed = [place for place, piece in enumerate(windowed.pieces) if not typed.issuperset(piece.split())]
    for start, stop in dict.fromkeys(windowed.window_around(place) for place in changed):
        yield " ".join(windowed.pieces[start:stop])


def _says_something(text: str) -> bool:
    return _several(text) or is_word(text.strip())


def _several(text: str) -> bool:
    return count_words(text) > 1
