"""Pictures that look like one that a moderator of this community blocked."""

from collections.abc import Callable

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.rules.image.subject import ImageSubject
from moderation.vision.pdq import SAME_BITS, USABLE_QUALITY, distance
from studio.domain.people import Person
from studio.domain.verdicts import Ruling


class BlockedHere:
    """`known` gives the 256-bit fingerprints that are blocked where a person is."""

    name = "blocked_here"

    def __init__(self, known: Callable[[Person], tuple[int, ...]]) -> None:
        self._known = known

    def judge(self, subject: ImageSubject) -> Finding | None:
        """Raises `DatabaseUnavailableError`: the picture is then not shown."""
        known = self._known(subject.person)
        views = [view.bits for view in subject.hashes if view.quality >= USABLE_QUALITY] if known else []
        for bits in known:
            if any(distance(bits, view) <= SAME_BITS for view in views):
                return Finding(
                    ruling=Ruling.REFUSE, rule=self.name, category=Category.PICTURE, evidence=f"{bits:064x}"
                )
        return None
