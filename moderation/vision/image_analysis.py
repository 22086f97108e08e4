"""The features of one picture by which the rules judge, from this process or from another one."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from PIL import Image

from moderation.vision.face_detection import house_finder
from moderation.vision.nudity_detection import NudityScores, nakedness
from moderation.vision.pdq import Pdq, pdq_with_flips

MAX_PIXELS = 2048 * 2048 * 16  # the largest picture painted here, upscaled four times
MAX_BYTES = 256 * 2**20


class ImageFeatures(Protocol):
    """Each part may be worked out when it is first asked for, and raises whatever that raises."""

    @property
    def image(self) -> Image.Image:
        """RGB. It must not be changed."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of its pixels."""

    @property
    def hashes(self) -> Sequence[Pdq]:
        """The PDQ hashes of the picture and of its turned and mirrored copies, the picture itself first."""

    @property
    def nakedness(self) -> NudityScores: ...

    @property
    def face(self) -> float:
        """In [0, 1]: how surely it shows at least one face."""


@dataclass(frozen=True)
class LocalFeatures:
    """Of a picture that is looked at here."""

    image: Image.Image = field(repr=False)

    @cached_property
    def digest(self) -> bytes:
        return hashlib.sha256(self.image.tobytes()).digest()

    @cached_property
    def hashes(self) -> Sequence[Pdq]:
        return pdq_with_flips(self.image)

    @cached_property
    def nakedness(self) -> NudityScores:
        return nakedness(self.image)

    @cached_property
    def face(self) -> float:
        return house_finder().certainty(self.image)


@dataclass(frozen=True, kw_only=True)
class RemoteFeatures:
    """Of a picture that was looked at elsewhere. It is decoded here only for a rule that needs its pixels."""

    png: bytes = field(repr=False)
    digest: bytes
    hashes: Sequence[Pdq]
    nakedness: NudityScores
    face: float

    @cached_property
    def image(self) -> Image.Image:
        return decode(self.png)


def is_painted_here(png: bytes, image: Image.Image) -> bool:
    """Whether `decode` would give these very pixels for a PNG that was encoded from them."""
    return image.mode == "RGB" and len(png) <= MAX_BYTES and image.width * image.height <= MAX_PIXELS


def decode(png: bytes) -> Image.Image:
    """RGB. Raises ValueError or OSError for anything but one whole, still PNG of a size that is painted here."""
    if len(png) > MAX_BYTES:
        raise ValueError("more bytes than the limit")
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        if getattr(image, "n_frames", 1) != 1:
            raise ValueError("more than one frame")
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("more pixels than the limit")
        image.load()
        return image.convert("RGB")
