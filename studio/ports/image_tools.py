"""Image processing without a model."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUpload:
    """An upload made harmless: RGB PNG without metadata.

    If it has transparency: `mask_png` is white where the picture is transparent, and `as_mask_png` is the upload read
    as the mask of another picture, white where that one may change.
    """

    png: bytes = field(repr=False)
    width: int
    height: int
    mask_png: bytes | None = field(default=None, repr=False)
    as_mask_png: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedMask:
    """Black and white, at the size of its picture. `box` is (left, top, right, bottom) of what is white, in pixels."""

    png: bytes = field(repr=False)
    box: tuple[int, int, int, int]


class ImageTools(Protocol):
    """Image processing that front ends need, without a model."""

    def clean(self, data: bytes) -> CleanUpload:
        """Raises `BadImageError` with one sentence for everything that is not a usable picture."""

    def fit_mask(self, mask: bytes, *, picture: bytes) -> FittedMask:
        """Raises `BadImageError` for another ratio of width to height, and for a mask that marks nothing or
        everything.
        """

    def overlay(self, picture: bytes) -> bytes:
        """The picture with the lettered grid A1–D4 on it, as PNG."""

    def fit(self, picture: bytes, *, limit_bytes: int) -> tuple[bytes, str]:
        """The picture in at most `limit_bytes`, and its file suffix; re-encoded or shrunk when needed."""
