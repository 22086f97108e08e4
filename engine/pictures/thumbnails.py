"""Small copies for lists and galleries."""

from PIL import Image

from engine.pictures.encoding import encode_webp

THUMBNAIL_SIDE_PIXELS = 320
THUMBNAIL_SUFFIX = ".webp"


def make_thumbnail(picture: Image.Image, *, side_pixels: int = THUMBNAIL_SIDE_PIXELS) -> bytes:
    """WebP, longer side at most `side_pixels`, without metadata."""
    small = picture.convert("RGB")
    small.thumbnail((side_pixels, side_pixels), Image.Resampling.LANCZOS)
    return encode_webp(small, quality=82, effort=2)
