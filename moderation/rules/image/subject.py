"""What a picture rule judges."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from PIL import Image

from moderation.findings import Finding
from moderation.pdq import Pdq, pdq_with_flips
from studio.people import Person
from studio.ports import Inspected
from studio.requests import PaintRequest


@dataclass(frozen=True, kw_only=True)
class ImageSubject:
    """A whole, decoded picture: `image` is RGB and must not be changed. A bare upload has no `request`."""

    kind: Inspected
    person: Person
    image: Image.Image = field(repr=False)
    request: PaintRequest | None = None

    @cached_property
    def hashes(self) -> Sequence[Pdq]:
        """The PDQ hashes of the picture and of its turned and mirrored copies, the picture itself first."""
        return pdq_with_flips(self.image)


class ImageRule(Protocol):
    """An exception, or no answer in time, means that the picture is not shown."""

    @property
    def name(self) -> str: ...

    def judge(self, subject: ImageSubject) -> Finding | None:
        """None: nothing to say."""
