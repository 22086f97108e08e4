"""The core that no community can relax: no sexual content with minors.

Two contexts must meet: a word for a minor and a word for nakedness or sex, anywhere in the wish, its style
and the prompts of the pictures it starts from. Either alone is judged by the other rules.
"""

import itertools
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources

from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import MINOR_AND_SEX
from moderation.policy.findings import Finding
from moderation.rules.ages_of_things import without_adults, without_ages_of_things
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.normalization import NormalizedText, read
from moderation.text.word_lists import PlainWords, Severity, WordList
from moderation.text.word_segmentation import FAR_FETCHED, Candidate
from studio.domain.verdicts import Ruling

_NUMBER = r"(?:[1-9]|1[0-7])"
_TEEN = r"(?:1[0-7]|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)"
_SMALL = r"(?:[3-9]|three|four|five|six|seven|eight|nine)"
_UNIT = r"(?! ?(?:k|mm|cm|m|p|x|d|bit|ft|feet|foot|inch|inches|th|st|nd|rd|s|am|pm|of|other|\d|\w*[^\Ws]s)\b)"
_PERSON = r"(?:she|he|they|girl|girls|boy|boys|lady|woman|man|female|male|daughter|son|sister|brother|model|lass|lad)"
# Also a number alone behind a person: "she is 12", "a girl, 13"; "girl, 8 k" and "a girl with 12 cats" are none.
_AGE = re.compile(
    rf"\b{_NUMBER} ?(?:yo|y o|yrs?|years?) ?(?:old|of age|s old)?\b"
    rf"|\b(?:aged?|ages|age of) (?:{_SMALL}|{_TEEN})\b{_UNIT}"
    rf"|\b{_PERSON}(?: who)? (?:is|s|was|turned|turns|looks|of|about|around|only|just|barely|not yet)"
    rf"(?: only| just| barely| about)? (?:{_SMALL}|{_TEEN})\b{_UNIT}"
    rf"|\b{_PERSON} {_TEEN}\b{_UNIT}"
)
_AN_AGE, _AGE_IN_WORDS = "(age)", (" year old", " years old")
_FEWEST_INFORMING = 2  # words of a lesson beside those that it only mentions


@cache
def default_minors_rule() -> "Minors":
    """For what pictures are asked for with: one for the process."""
    return Minors()


class Minors:
    name = "minors"

    def __init__(self, explicit: WordList | None = None) -> None:
        """`explicit` is the library's list: a severe word of it counts as sexual here."""
        self._explicit = explicit
        text = resources.files("moderation.rules.prompt").joinpath("minors.toml").read_text("utf-8")
        self._words = {name: PlainWords.of(words) for name, words in tomllib.loads(text).items()}
        topics = "|".join(sorted(map(re.escape, self._words["topics"].words), key=len, reverse=True))
        self._topics = re.compile(rf"\b(?:{topics})\b", re.IGNORECASE)

    def speaks_of_minors(self, subject: PromptSubject) -> bool:
        """Any age counts, a thing's too: what asks has a picture that may be sexual."""
        return any(True for reading in subject.wished_readings for _ in self._minors(reading))

    def judge(self, subject: PromptSubject) -> Finding | None:
        if any(True for reading in subject.wished_readings for _ in self._find_words("alone", reading)):
            return self._finding(Ruling.REFUSE)
        minors = {word for reading in subject.wished_readings for word in self._minors(reading)}
        if not minors:
            return None
        sexual = {word for reading in subject.wished_readings for word in self._sexual(reading)}
        if not sexual or self._is_of_things(subject) or self._is_harmless(subject, minors, sexual):
            return None
        return self._finding(Ruling.HOLD if self._doubtful(subject, minors, sexual) else Ruling.REFUSE)

    def _finding(self, ruling: Ruling) -> Finding:
        # The text itself is kept out of the evidence: nobody needs to read it again.
        return Finding(ruling=ruling, rule=self.name, category=Category.MINORS, evidence=MINOR_AND_SEX)

    def _is_of_things(self, subject: PromptSubject) -> bool:
        """Whether all ages are surely those of things, and every sexual word is said of an adult."""
        return not any(
            True
            for typed in subject.wished
            for _ in itertools.chain(
                self._minors(read(without_ages_of_things(typed))), self._sexual(read(without_adults(typed)))
            )
        )

    def _is_harmless(self, subject: PromptSubject, minors: set[str], sexual: set[str]) -> bool:
        """Lessons that only mention the matter, old art, swimming lessons, and small children who are cared for."""
        words = {word for reading in subject.wished_readings for word in reading.words}
        named = {candidate.text for reading in subject.wished_readings for candidate in reading.candidates}

        def are(group: str, found: set[str]) -> bool:
            return found <= self._words[group].words

        informs = len(words & self._words["informing"].words) >= _FEWEST_INFORMING
        taught = not named.isdisjoint(self._words["lesson"].words) and self._is_topic(subject)
        lesson = (taught or (are("mentioned", sexual) and informs)) and not any(
            word == _AN_AGE or word.endswith(_AGE_IN_WORDS) for word in minors
        )
        return (
            (lesson and named.isdisjoint(self._words["shown"].words))
            or (are("swimwear", sexual) and bool(words & self._words["swimming"].words))
            or (
                are("sacred_sexual", sexual)
                and are("sacred_minor", minors)
                and bool(named & self._words["sacred"].words)
            )
            or (
                are("little_clothing", sexual)
                and are("small_child", minors)
                and bool(words & self._words["cared_for"].words)
            )
        )

    def _is_topic(self, subject: PromptSubject) -> bool:
        """Whether each sexual word is part of what a lesson is about."""
        return not any(
            True for typed in subject.wished for _ in self._sexual(read(self._topics.sub(" ", typed)))
        )

    def _doubtful(self, subject: PromptSubject, minors: set[str], sexual: set[str]) -> bool:
        words = {word for reading in subject.wished_readings for word in reading.words}
        informs = sexual <= self._words["topical"].words and bool(words & self._words["informing"].words)
        return (
            informs
            or sexual <= self._words["doubtful_sexual"].words
            or minors <= self._words["doubtful_minor"].words
        )

    def _minors(self, reading: NormalizedText) -> Iterator[str]:
        yield from self._find_words("minor", reading)
        if _AGE.search(reading.text):
            yield _AN_AGE

    def _sexual(self, reading: NormalizedText) -> Iterator[str]:
        yield from self._find_words("sexual", reading)
        if self._explicit is not None:
            listed = self._explicit.find(_sure(reading))
            if any(severity is Severity.SEVERE for _, severity in listed):
                yield "(listed)"

    def _find_words(self, kind: str, reading: NormalizedText) -> Iterator[str]:
        phrases = self._words["harmless"].words.intersection(other.text for other in reading.candidates)
        for candidate, _ in self._words[kind].find(_sure(reading)):
            if not any(f" {candidate.text} " in f" {phrase} " for phrase in phrases):
                yield candidate.text


def _sure(reading: NormalizedText) -> Iterator[Candidate]:
    """Backwards is too far-fetched to found so grave a suspicion on."""
    return (candidate for candidate in reading.candidates if candidate.view not in FAR_FETCHED)
