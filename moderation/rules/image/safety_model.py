"""What a larger model that the operator runs sees in picture and words together."""

from dataclasses import replace

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.remote.safety_model import SafetyModel, Scene
from moderation.rules.image.subject import ImageSubject
from studio.domain.verdicts import Ruling

_LIKELY = 0.5


class LargerModel:
    name = "larger_model"

    def __init__(self, model: SafetyModel) -> None:
        self._model = model

    def judge(self, subject: ImageSubject) -> Finding | None:
        """The likeliest category with its score, and the others with theirs.

        Raises whatever the model raises, and ValueError for what is no probability: the picture is not shown then.
        """
        prompt = subject.request.prompt if subject.request else ""
        scores = dict(self._model.judge(Scene(image=subject.image, prompt=prompt, kind=subject.kind)))
        if not all(0 <= score <= 1 for score in scores.values()):
            raise ValueError("the safety model answered with an invalid score")
        # The core knows no thresholds of a policy, so doubt counts here.
        if scores.get(Category.MINORS, 1.0) < _LIKELY:
            del scores[Category.MINORS]
        if not scores:
            return None
        ordered = sorted(scores, key=lambda name: (name is Category.MINORS, scores[name]), reverse=True)
        first, *others = (self._finding(category, scores[category]) for category in ordered)
        return replace(first, others=tuple(others))

    def _finding(self, category: Category, score: float) -> Finding:
        return Finding(
            ruling=Ruling.REFUSE,
            rule=self.name,
            category=category,
            evidence=f"{category}: {score:.2f}",
            score=score,
        )
