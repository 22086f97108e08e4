"""Nakedness and pornography, in photographs and in drawings.

Two networks look. The first also knows drawings, and takes many a portrait for more than it is; the second knows
photographs only. Where both agree the score is high; where only one is sure, it is as high as makes a moderator look.
A picture that was asked for with words for a minor is never left to thresholds.
"""

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.rules.image.subject import ImageSubject
from moderation.rules.prompt.minors import default_minors_rule
from moderation.rules.prompt.subject import PromptSubject
from moderation.vision.nudity_detection import PrimaryDetector, RegionScores, SecondaryDetector, nakedness
from studio.domain.verdicts import Ruling

_WITH_MINORS = (
    0.3  # from here on, beside words for a minor, the picture belongs to the core that is always refused
)
_SURE = 0.9  # from here on one network alone is believed so far that somebody looks
_DOUBT = 0.7  # the score of that, and the most that the first network reaches alone


class Nudity:
    name = "nudity"

    def __init__(self, networks: tuple[PrimaryDetector, SecondaryDetector | None] | None = None) -> None:
        self._networks = networks

    def judge(self, subject: ImageSubject) -> Finding | None:
        """Always a finding: how much is too much, the policy says."""
        both = nakedness(subject.image, self._networks) if self._networks else subject.sight.nakedness
        seen, other = both.first, both.second
        opinion = "none" if other is None else f"{other:.2f}"
        found = score(seen, other)
        with_minors = found >= _WITH_MINORS and self._asks_for_minors(subject)
        return Finding(
            ruling=Ruling.REFUSE,
            rule=self.name,
            category=Category.MINORS if with_minors else Category.SEXUAL,
            evidence=f"porn {seen.porn:.2f}, hentai {seen.hentai:.2f}, sexy {seen.sexy:.2f}; second opinion {opinion}",
            score=found,
        )

    def _asks_for_minors(self, subject: ImageSubject) -> bool:
        request = subject.request
        return request is not None and default_minors_rule().speaks_of_minors(
            PromptSubject.of_request(request)
        )


def score(seen: RegionScores, other: float | None) -> float:
    """In [0, 1]. "Sexy" counts half. Drawings are the first network's to judge, photographs both networks'."""
    photograph = seen.porn + seen.sexy / 2
    if other is None:
        return min(1.0, max(seen.hentai, min(photograph, _DOUBT)))
    doubt = _DOUBT if max(photograph, other) >= _SURE else 0.0
    return min(1.0, max(seen.hentai, (photograph + other) / 2, doubt))
