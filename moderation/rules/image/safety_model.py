"""What a larger model that the operator runs sees in picture and words together."""

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
        """The likeliest category with its score. Raises whatever the model raises: the picture is not shown then."""
        prompt = subject.request.prompt if subject.request else ""
        scores = dict(self._model.judge(Scene(image=subject.image, prompt=prompt, kind=subject.kind)))
        # The core knows no thresholds of a policy, so doubt counts here.
        if scores.get(Category.MINORS, 1.0) < _LIKELY:
            del scores[Category.MINORS]
        if not scores:
            return None
        category = max(scores, key=lambda name: (name is Category.MINORS, scores[name]))
        score = scores[category]
        return Finding(
            ruling=Ruling.REFUSE,
            rule=self.name,
            category=category,
            evidence=f"{category}: {score:.2f}",
            score=score,
        )
