"""Small copies for lists, galleries and pages."""

from PIL import Image

from engine.pictures.encoding import encode_webp
from studio.pictures import THUMBNAIL_SIDES_PIXELS

THUMBNAIL_SUFFIX = ".webp"


def make_thumbnail(picture: Image.Image, *, side_pixels: int = THUMBNAIL_SIDES_PIXELS[0]) -> bytes:
    """WebP, longer side at most `side_pixels`, without metadata."""
    small = picture.convert("RGB")
    small.thumbnail((side_pixels, side_pixels), Image.Resampling.LANCZOS)
    return encode_webp(small, quality=82, effort=2)


def thumbnail_sides(width: int, height: int) -> list[int]:
    """The sizes that a picture needs: up to the first that shows every pixel of it."""
    longer = max(width, height)
    below = (0, *THUMBNAIL_SIDES_PIXELS)
    return [side for side, smaller in zip(THUMBNAIL_SIDES_PIXELS, below, strict=False) if longer > smaller]
