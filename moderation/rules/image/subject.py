"""What a picture rule judges."""

from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from moderation.findings import Finding
from studio.people import Person
from studio.ports import Inspected
from studio.requests import PaintRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSubject:
    """A whole, decoded picture: `image` is RGB and must not be changed. A bare upload has no `request`."""

    kind: Inspected
    person: Person
    image: Image.Image = field(repr=False)
    request: PaintRequest | None = None


class ImageRule(Protocol):
    """An exception, or no answer in time, means that the picture is not shown."""

    @property
    def name(self) -> str: ...

    def judge(self, subject: ImageSubject) -> Finding | None:
        """None: nothing to say."""
