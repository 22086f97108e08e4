"""What a larger model that the operator runs says of the words of a request."""

import json
from collections.abc import Mapping
from typing import Protocol

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.rules.prompt.subject import PromptSubject
from studio.domain.verdicts import Ruling

_LIKELY = 0.5  # of the core, which knows no thresholds of a policy
_MOST_CHARACTERS = 4_000


class TextModel(Protocol):
    def judge_text(self, text: str) -> Mapping[Category, float]:
        """How likely a text belongs to each category, in [0, 1]. Raises when it cannot tell."""


class LargerTextModel:
    name = "larger_text_model"

    def __init__(self, model: TextModel) -> None:
        self._model = model

    def judge(self, subject: PromptSubject) -> Finding | None:
        """Raises whatever the model raises: the request is held then."""
        request = {"request": [*subject.own, subject.style], "made from": list(subject.lineage)}
        text = json.dumps(request, ensure_ascii=False)[-_MOST_CHARACTERS:]
        scores = {
            category: score
            for category, score in self._model.judge_text(text).items()
            if category is not Category.MINORS or score >= _LIKELY
        }
        if not scores:
            return None
        category = max(scores, key=lambda name: (name is Category.MINORS, scores[name]))
        score = scores[category]
        evidence = f"{category}: {score:.2f}"
        return Finding(
            ruling=Ruling.REFUSE, rule=self.name, category=category, evidence=evidence, score=score
        )
