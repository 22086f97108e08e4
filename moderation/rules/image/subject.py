"""What a picture rule judges."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from moderation.policy.findings import Finding
from moderation.vision.image_analysis import ImageFeatures
from moderation.vision.pdq import Pdq
from studio.domain.people import Person
from studio.domain.requests import PaintRequest
from studio.ports import Inspected


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSubject:
    """A picture, as far as it can be seen. A bare upload has no `request`; `original` is its file as it came."""

    kind: Inspected
    person: Person
    sight: ImageFeatures = field(repr=False)
    request: PaintRequest | None = None
    original: bytes = field(default=b"", repr=False)

    @property
    def image(self) -> Image.Image:
        """RGB. It must not be changed."""
        return self.sight.image

    @property
    def hashes(self) -> Sequence[Pdq]:
        return self.sight.hashes


class ImageRule(Protocol):
    """An exception, or no answer in time, means that the picture is not shown."""

    @property
    def name(self) -> str: ...

    def judge(self, subject: ImageSubject) -> Finding | None:
        """None: nothing to say."""
