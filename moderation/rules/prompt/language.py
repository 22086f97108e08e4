"""Text in a language that the classifier was not measured on waits for a moderator."""

from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import LANGUAGE
from moderation.policy.findings import Finding
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.language_id import foreign
from moderation.text.mixed_languages import foreign_clause
from studio.domain.verdicts import Ruling


class OtherLanguage:
    name = "language"

    def __init__(self, accepted: frozenset[str], *, ruling: Ruling = Ruling.HOLD) -> None:
        self._accepted = accepted
        self._ruling = ruling

    def judge(self, subject: PromptSubject) -> Finding | None:
        for text in subject.wished:
            if found := foreign(text, self._accepted) or foreign_clause(text, self._accepted):
                return Finding(
                    ruling=self._ruling,
                    rule=self.name,
                    category=Category.FOREIGN,
                    evidence=f"{LANGUAGE} · {found.code}",
                    score=found.chance,
                )
        return None
