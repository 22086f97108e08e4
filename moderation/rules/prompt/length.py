"""Text that is too long to be read whole waits for a moderator."""

from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import LONGER_THAN_READ
from moderation.policy.findings import Finding
from moderation.rules.prompt.subject import PromptSubject
from studio.domain.verdicts import Ruling


class Length:
    name = "length"

    def judge(self, subject: PromptSubject) -> Finding | None:
        if not any(reading.cut for reading in subject.every_reading):
            return None
        return Finding(
            ruling=Ruling.HOLD, rule=self.name, category=Category.UNCHECKED, evidence=LONGER_THAN_READ
        )
