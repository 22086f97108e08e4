"""Politics, health and spam, topics that an instance may exclude, and self-harm, found by phrases.

A phrase that campaigns, gives medical advice or advertises scores above the threshold of the default policy. A phrase
that only names the topic scores below it, for an instance that lowers its threshold.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.normalization import fold_text
from moderation.text.word_segmentation import FAR_FETCHED
from studio.domain.verdicts import Ruling

_SCORES = {"asks": 0.7, "about": 0.4}


@dataclass(frozen=True)
class Topic:
    """One matter. `scores` leads from each folded phrase, of at most four words, to what it weighs."""

    name: str
    category: Category
    scores: Mapping[str, float]

    def judge(self, subject: PromptSubject) -> Finding | None:
        """The phrase that weighs most."""
        found = {
            candidate.text
            for reading in subject.wished_readings
            for candidate in reading.candidates
            if candidate.text in self.scores and candidate.view not in FAR_FETCHED
        }
        if not found:
            return None
        heaviest = max(sorted(found), key=self.scores.__getitem__)
        return Finding(
            ruling=Ruling.REFUSE,
            rule=self.name,
            category=self.category,
            evidence=heaviest,
            score=self.scores[heaviest],
            words=heaviest,
        )


def default_topics() -> tuple[Topic, ...]:
    text = resources.files("moderation.rules.prompt").joinpath("topics.toml").read_text("utf-8")
    return tuple(
        Topic(name=name, category=Category[name.upper()], scores=_phrase_scores(kinds))
        for name, kinds in tomllib.loads(text).items()
    )


def _phrase_scores(kinds: Mapping[str, list[str]]) -> dict[str, float]:
    return {fold_text(phrase): _SCORES[kind] for kind, phrases in kinds.items() for phrase in phrases}
