"""The words that a community's own moderators refuse or hold, on top of the operator's lists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.normalization import NormalizedText, fold_text
from moderation.text.word_lists import PlainWords
from moderation.text.word_segmentation import FAR_FETCHED
from studio.domain.settings.word_lists import WordAction
from studio.domain.verdicts import Ruling

_RULINGS = {WordAction.REFUSE: Ruling.REFUSE, WordAction.HOLD: Ruling.HOLD}


@dataclass(frozen=True)
class CommunityWords:
    """`words` are folded words or phrases. Those that are allowed excuse the others within them, nothing else."""

    words: Mapping[str, WordAction]
    name: str = "community_words"

    @classmethod
    def of(cls, words: Mapping[str, str]) -> "CommunityWords":
        """Of words as moderators wrote them. Actions of a later version are left out."""
        return cls(_fold(frozenset(words.items())))

    def judge(self, subject: PromptSubject) -> Finding | None:
        """The strictest word that a picture shall show."""
        found = [word for reading in subject.wished_readings for word in self._found(reading)]
        found.sort(key=lambda word: self.words[word] is not WordAction.REFUSE)
        if not found:
            return None
        ruling = _RULINGS[self.words[found[0]]]
        return Finding(
            ruling=ruling, rule=self.name, category=Category.COMMUNITY, evidence=found[0], words=found[0]
        )

    def _found(self, reading: NormalizedText) -> Iterator[str]:
        text, excused = f" {reading.text} ", set()
        for allowed in (word for word, action in self.words.items() if action is WordAction.ALLOW):
            if f" {allowed} " in text:
                text = text.replace(f" {allowed} ", "  ")
                excused.add(f" {allowed} ")
        wanted = frozenset(word for word, action in self.words.items() if action in _RULINGS)
        for word in sorted(wanted):
            if f" {word} " in text:
                yield word
        for candidate, _ in PlainWords(wanted).find(reading.candidates):
            plain = any(f" {candidate.text} " in allowed for allowed in excused)
            if candidate.text in wanted and candidate.view not in FAR_FETCHED and not plain:
                yield candidate.text


@lru_cache(maxsize=64)
def _fold(words: frozenset[tuple[str, str]]) -> Mapping[str, WordAction]:
    known = set(WordAction)
    return {
        folded: WordAction(action)
        for word, action in words
        if action in known and (folded := fold_text(word))
    }
