"""Pictures to bytes and back, in memory."""

import base64
import io
import math
import zlib

from PIL import Image, PngImagePlugin

from studio.domain.pictures import THUMBNAIL_SIDES_PIXELS

# Repeated bytes are looked for next to each other only. A painted picture holds hardly any others: it is encoded four
# times as fast as by zlib's default, and as small.
PNG_STRATEGY = zlib.Z_RLE


def encode_png(picture: Image.Image, *, text: PngImagePlugin.PngInfo | None = None) -> bytes:
    """PNG without any metadata but `text`."""
    out = io.BytesIO()
    bare = picture.copy() if picture.info else picture
    bare.info = {}
    bare.save(out, "PNG", compress_type=PNG_STRATEGY, compress_level=1, pnginfo=text)
    return out.getvalue()


def encode_webp(picture: Image.Image, *, quality: int, effort: int = 4, exif: bytes = b"") -> bytes:
    """WebP without any metadata but `exif`; `quality` 0–100, `effort` 0 (fast) to 6 (small)."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=effort, exif=exif, icc_profile=b"")
    return out.getvalue()


def encode_jpeg(picture: Image.Image, *, quality: int, exif: bytes = b"") -> bytes:
    """JPEG without any metadata but `exif`; `quality` 1–95; colour at full resolution from 90 on."""
    out = io.BytesIO()
    subsampling = "4:4:4" if quality >= 90 else "4:2:0"
    bare = picture.convert("RGB")
    bare.info = {}
    bare.save(out, "JPEG", quality=quality, subsampling=subsampling, optimize=True, exif=exif)
    return out.getvalue()


def decode(data: bytes) -> Image.Image:
    """A picture that this installation encoded itself, as RGB. Uploads go through `clean_upload`."""
    with Image.open(io.BytesIO(data), formats=("PNG", "WEBP", "JPEG")) as opened:
        return opened.convert("RGB")


def decode_mask(data: bytes) -> Image.Image:
    """A mask that this installation encoded itself, in mode L."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
        return opened.convert("L")


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of a picture that this installation encoded itself, without decoding it."""
    with Image.open(io.BytesIO(data), formats=("PNG", "WEBP", "JPEG")) as opened:
        return opened.size


PREVIEW_SIDE_PIXELS = 192
LIMIT_BYTES = 6 * 1024
QUALITIES = (70, 50, 30, 12)


def data_url(picture: Image.Image, *, limit_bytes: int = LIMIT_BYTES) -> str:
    """``data:image/webp;base64,…`` of at most `limit_bytes` characters, longer side at most 192 px."""
    side = PREVIEW_SIDE_PIXELS
    while side >= 8:
        small = picture.convert("RGB")
        small.thumbnail((side, side), Image.Resampling.BILINEAR)
        for quality in QUALITIES:
            text = base64.b64encode(encode_webp(small, quality=quality, effort=2)).decode("ascii")
            url = f"data:image/webp;base64,{text}"
            if len(url) <= limit_bytes:
                return url
        side //= 2
    raise ValueError(f"the image cannot be encoded in {limit_bytes} bytes")


THUMBNAIL_SUFFIX = ".webp"


# What sixty cards of four pictures, or of one, may weigh together is 3 MB, with their HTML.
_MOST_THUMBNAIL_BYTES = dict(zip(THUMBNAIL_SIDES_PIXELS, (10_000, 40_000), strict=False))
_BEST_QUALITY, _LEAST_QUALITY = 82, 12
_FAST, _SMALL = 2, 4  # efforts: the second takes twice as long
_USUAL_SLOPE = 0.019  # so much smaller, in the logarithm, is a grainy picture with each step of quality


def make_thumbnail(picture: Image.Image, *, side_pixels: int = THUMBNAIL_SIDES_PIXELS[0]) -> bytes:
    """WebP, longer side at most `side_pixels`, without metadata.

    The smaller ones have so many bytes at most that a page of them loads soon: fine grain is kept less faithfully.
    """
    small = picture.convert("RGB")
    small.thumbnail((side_pixels, side_pixels), Image.Resampling.LANCZOS)
    data = encode_webp(small, quality=_BEST_QUALITY, effort=_FAST)
    most = _MOST_THUMBNAIL_BYTES.get(side_pixels)
    return data if most is None or len(data) <= most else _encode_within(most, small, len(data))


def _encode_within(most: int, picture: Image.Image, best_bytes: int) -> bytes:
    """In at most so many bytes, if any quality does it. `best_bytes` are those at the best quality.

    The next quality to try follows from how much smaller the last step made it: mostly the first one fits.
    """
    quality, size, slope = _BEST_QUALITY, best_bytes, _USUAL_SLOPE
    while quality > _LEAST_QUALITY:
        steps = math.ceil(math.log(size / most) / slope) + 1
        lower = max(_LEAST_QUALITY, quality - steps)
        data = encode_webp(picture, quality=lower, effort=_FAST)
        if len(data) <= most:
            return data
        slope = max(_USUAL_SLOPE / 2, math.log(size / len(data)) / (quality - lower))
        quality, size = lower, len(data)
    return encode_webp(picture, quality=_LEAST_QUALITY, effort=_SMALL)


def thumbnail_sides(width: int, height: int) -> list[int]:
    """The sizes that a picture needs: up to the first that shows every pixel of it."""
    longer = max(width, height)
    below = (0, *THUMBNAIL_SIDES_PIXELS)
    return [side for side, smaller in zip(THUMBNAIL_SIDES_PIXELS, below, strict=False) if longer > smaller]
