"""Words that should not stand in a prompt, each as a whole word, however it is written.

The library's list is offensive language that published lists agree upon; a community may add its own list.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib import resources

from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import LISTED_WORD
from moderation.policy.findings import Finding
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.language_id import language_of
from moderation.text.normalization import NormalizedText, fold_text
from moderation.text.word_beginnings import UNSPACED, read_table
from moderation.text.word_beginnings import plain as plain_text
from moderation.text.word_lists import HashedWords, PlainWords, Severity, WordList, digest
from moderation.text.word_segmentation import Candidate, View
from studio.domain.verdicts import Ruling

_SCORES = {Severity.MILD: 0.6, Severity.SEVERE: 1.0}
_AS_TYPED = frozenset({View.PLAIN, View.PHRASE})
_LONGEST_RUN = 8  # characters
_RULINGS = {Severity.MILD: Ruling.HOLD, Severity.SEVERE: Ruling.REFUSE}


@dataclass(frozen=True)
class ListedWords:
    """`harmless` are folded phrases in which a listed word is not meant, `ordinary` everyday words by language."""

    words: WordList
    name: str = "listed_words"
    category: Category = Category.LANGUAGE
    harmless: frozenset[str] = field(default_factory=frozenset)
    ordinary: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def load_bundled(cls) -> "ListedWords":
        ordinary = read_table("ordinary_words.toml")
        return cls(words=HashedWords.load_bundled(), harmless=_bundled_phrases(), ordinary=ordinary)

    @classmethod
    def of_community(cls, words: PlainWords) -> "ListedWords":
        return cls(words=words, name="community_words", category=Category.COMMUNITY)

    def judge(self, subject: PromptSubject) -> Finding | None:
        mild = None
        for reading in subject.every_reading:
            for candidate, severity in self._find(reading):
                if self._harmless(candidate, reading) or self._is_ordinary(candidate, subject):
                    continue
                finding = self._finding(candidate, severity)
                if severity is Severity.SEVERE:
                    return finding
                mild = mild or finding
        return mild

    @cached_property
    def _find(self) -> Callable[[NormalizedText], tuple[tuple[Candidate, Severity], ...]]:
        """Remembered for as many texts as their readings are: the steps of a lineage are asked for again and again."""
        return lru_cache(maxsize=256)(lambda reading: tuple(self.words.find(reading.candidates)))

    def _finding(self, candidate: Candidate, severity: Severity) -> Finding:
        return Finding(
            ruling=_RULINGS[severity],
            rule=self.name,
            category=self.category,
            evidence=f"{candidate.text} ({candidate.view})",
            score=_SCORES[severity],
            words=candidate.text if candidate.view in _AS_TYPED else "",  # disguises are not explained
        )

    def _harmless(self, candidate: Candidate, reading: NormalizedText) -> bool:
        """Whether the word stands only inside harmless phrases."""
        if candidate.view is not View.PLAIN or not self.harmless:
            return False
        words = reading.words
        excused = {
            place
            for length in self._lengths
            for start in range(len(words) - length + 1)
            if " ".join(words[start : start + length]) in self.harmless
            for place in range(start, start + length)
        }
        places = [place for place, word in enumerate(words) if word == candidate.text]
        return bool(places) and excused.issuperset(places)

    def _is_ordinary(self, candidate: Candidate, subject: PromptSubject) -> bool:
        """Whether the word, in whatever view, is an everyday one in the language of the request."""
        languages = [code for code, words in self.ordinary.items() if candidate.text in words]
        return bool(languages) and any(language_of(text) in languages for text in subject.wished)

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(sorted({phrase.count(" ") + 1 for phrase in self.harmless}))


class ListedWordsInOtherLanguages:
    """Offensive words of published lists, each in texts of its own language only; a moderator decides."""

    name = "listed_words"

    def judge(self, subject: PromptSubject) -> Finding | None:
        for reading, typed in zip(subject.wished_readings, subject.wished, strict=True):
            language = language_of(typed)
            listed = _languages().get(language, frozenset())
            forms = _runs(typed) if language in UNSPACED else _plain_words(reading)
            if listed and any(digest(form) in listed for form in forms):
                return Finding(
                    ruling=Ruling.HOLD,
                    rule=self.name,
                    category=Category.LANGUAGE,
                    evidence=f"{LISTED_WORD} · {language}",
                    score=_SCORES[Severity.MILD],
                )
        return None


def _plain_words(reading: NormalizedText) -> Iterator[str]:
    return (candidate.text for candidate in reading.candidates if candidate.view in _AS_TYPED)


def _runs(typed: str) -> Iterator[str]:
    """All runs of two to eight characters, of which one may be a word."""
    text = plain_text(typed)
    return (
        text[start : start + length] for length in range(2, _LONGEST_RUN + 1) for start in range(len(text))
    )


@cache
def _languages() -> Mapping[str, frozenset[bytes]]:
    text = (
        resources.files("moderation.rules.prompt").joinpath("listed_words_languages.txt").read_text("utf-8")
    )
    found: dict[str, set[bytes]] = {}
    for line in text.splitlines():
        language, _, key = line.partition(" ")
        if language != "#":
            found.setdefault(language, set()).add(bytes.fromhex(key))
    return {language: frozenset(keys) for language, keys in found.items()}


def _bundled_phrases() -> frozenset[str]:
    text = resources.files("moderation.rules.prompt").joinpath("harmless_phrases.txt").read_text("utf-8")
    return frozenset(fold_text(line) for line in text.splitlines() if line and not line.startswith("#"))
