"""Pictures in as many bytes as a platform takes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from engine.imaging.codecs.encoding import decode, encode_jpeg, encode_webp
from engine.imaging.codecs.recipe_metadata import copy_recipe
from studio.errors import BadImageError

# Above this many pixels WebP takes seconds to encode, so JPEG is used.
WEBP_PIXELS = 4_000_000
WEBP_QUALITIES = (95, 90, 82)
JPEG_QUALITIES = (95, 90, 82)
SMALLEST_SIDE_PIXELS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """`suffix` begins with its dot; width and height are in pixels."""

    data: bytes = field(repr=False)
    suffix: str
    width: int
    height: int


def fit(data: bytes, *, limit_bytes: int) -> Fitted:
    """The picture in at most `limit_bytes`: as it is, else compressed with loss, else smaller as well.

    A recipe in it is carried over unless it alone takes a quarter of the room. Raises `BadImageError` when not
    even 16 px a side fit.
    """
    picture = decode(data)
    if len(data) <= limit_bytes:
        return Fitted(data=data, suffix=_suffix(data), width=picture.width, height=picture.height)
    recipe = copy_recipe(data)
    exif = recipe if len(recipe) <= limit_bytes // 4 else b""
    while min(picture.size) >= SMALLEST_SIDE_PIXELS:
        smallest = limit_bytes
        for encoded, suffix in _encodings(picture, exif):
            if len(encoded) <= limit_bytes:
                return Fitted(data=encoded, suffix=suffix, width=picture.width, height=picture.height)
            smallest = len(encoded)
        picture = _shrink(picture, limit_bytes / smallest)
    raise BadImageError("cannot_shrink", most_bytes=limit_bytes)


def _encodings(picture: Image.Image, exif: bytes) -> Iterator[tuple[bytes, str]]:
    if picture.width * picture.height <= WEBP_PIXELS:
        for quality in WEBP_QUALITIES:
            yield encode_webp(picture, quality=quality, exif=exif), ".webp"
    else:
        for quality in JPEG_QUALITIES:
            yield encode_jpeg(picture, quality=quality, exif=exif), ".jpg"


def _shrink(picture: Image.Image, wanted_share: float) -> Image.Image:
    """Smaller by what the size in bytes asks for, at least by a tenth and at most to a half each side."""
    scale = min(0.9, max(0.5, math.sqrt(wanted_share) * 0.95))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _suffix(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return ".png"
    return ".webp" if data[:4] == b"RIFF" else ".jpg"
