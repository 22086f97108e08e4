"""Faces in pictures that people bring along. What is painted here may show faces."""

from typing import Protocol

from PIL import Image

from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import FACE
from moderation.policy.findings import Finding
from moderation.policy.policy import FacePolicy
from moderation.policy.upload_consent import ConsentBook
from moderation.rules.image.subject import ImageSubject
from moderation.vision.face_detection import SURE
from studio.domain.verdicts import Ruling
from studio.ports import Inspected


class Finder(Protocol):
    def certainty(self, image: Image.Image) -> float: ...


class Faces:
    """Also tells that the upload shows a person: what is painted from it is judged more strictly then."""

    name = "faces"

    def __init__(
        self, policy: FacePolicy, *, finder: Finder | None = None, consents: ConsentBook | None = None
    ) -> None:
        self._policy = policy
        self._finder = finder
        self._consents = consents or ConsentBook()

    def judge(self, subject: ImageSubject) -> Finding | None:
        if subject.kind is not Inspected.UPLOAD:
            return None
        certainty = self._finder.certainty(subject.image) if self._finder else subject.sight.face
        if certainty < SURE:
            return None
        asks = self._policy is FacePolicy.ASK and not self._has_consent(subject)
        allowed = self._policy is not FacePolicy.REJECT and not asks
        return Finding(
            ruling=Ruling.ALLOW if allowed else Ruling.REFUSE,
            rule=self.name,
            category=Category.FACE,
            evidence=f"{FACE} · {certainty:.2f}",
            score=0.0,  # whatever else is wrong with the picture is said first
            shows_person=True,
            asks_consent=asks,
        )

    def _has_consent(self, subject: ImageSubject) -> bool:
        return self._consents.is_given(subject.person.key, subject.sight.digest)
