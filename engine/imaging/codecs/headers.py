"""Kind and size of an image file, read from its first bytes without decoding anything.

Pillow's WebP reader takes memory for the whole canvas as soon as it opens a file, so the size must be known
before it is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from studio.errors import BadImageError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GIF_SIGNATURES = (b"GIF87a", b"GIF89a")
# JPEG markers that carry no length: TEM and RST0 to RST7.
BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
# Start-of-frame markers are C0 to CF without DHT (C4), JPG (C8) and DAC (CC).
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9

AVIF_BRANDS = frozenset({b"avif", b"avis"})
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1"})
MOST_BRANDS_BYTES = 1024

# What people send by mistake, so that the answer can name it.
OTHER_KINDS = (
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"%PDF", "pdf"),
    (b"8BPS", "photoshop"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"%!PS", "postscript"),
    (b"\x00\x00\x00\x0cjP", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
    (b"\xff\x0a", "jpegxl"),
    (b"\x00\x00\x00\x0cJXL", "jpegxl"),
)


class Kind(StrEnum):
    """The kinds of file that are read; values are Pillow's format names."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WEBP"
    GIF = "GIF"
    AVIF = "AVIF"
    HEIF = "HEIF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    kind: Kind
    width: int
    height: int


def read_header(data: bytes) -> Header:
    """Raises `BadImageError` for every other kind of file and for a header that ends early."""
    if data.startswith(PNG_SIGNATURE):
        return _read_png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _read_webp(data)
    if data[:6] in GIF_SIGNATURES:
        return _read_gif(data)
    if data[4:8] == b"ftyp" and (kind := _brand_of(data)):
        return _read_heif(data, kind)
    raise BadImageError("other_kind", file_kind=_name_other(data))


def _read_png(data: bytes) -> Header:
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise _damaged_error()
    return Header(kind=Kind.PNG, width=_big(data, 16, 4), height=_big(data, 20, 4))


def _read_jpeg(data: bytes) -> Header:
    """The largest frame announced before the first scan, so that a second frame header cannot hide a bomb."""
    width = height = 0
    position = 2
    while position + 4 <= len(data):
        position = data.find(b"\xff", position)
        if position < 0 or position + 4 > len(data):
            break
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in BARE_MARKERS or marker == 0:
            position += 2
        elif marker in {START_OF_SCAN, END_OF_IMAGE}:
            break
        else:
            if marker in FRAME_MARKERS:
                height = max(height, _big(data, position + 5, 2))
                width = max(width, _big(data, position + 7, 2))
            position += 2 + max(2, _big(data, position + 2, 2))
    if not width or not height:
        raise _damaged_error()
    return Header(kind=Kind.JPEG, width=width, height=height)


def _read_webp(data: bytes) -> Header:
    """https://developers.google.com/speed/webp/docs/riff_container"""
    if len(data) < 30:
        raise _damaged_error()
    chunk = data[12:16]
    if chunk == b"VP8X":
        width, height = 1 + _little(data, 24, 3), 1 + _little(data, 27, 3)
    elif chunk == b"VP8L":
        bits = _little(data, 21, 4)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif chunk == b"VP8 ":
        width, height = _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    else:
        raise _damaged_error()
    return Header(kind=Kind.WEBP, width=width, height=height)


def _read_gif(data: bytes) -> Header:
    """The logical screen, GIF89a specification, section 18. A frame may be larger: its reader is asked once more."""
    if len(data) < 13:
        raise _damaged_error()
    return Header(kind=Kind.GIF, width=_little(data, 6, 2), height=_little(data, 8, 2))


def _brand_of(data: bytes) -> Kind | None:
    """What the ``ftyp`` box says the file is; None for videos and whatever else lies in such boxes.

    ISO/IEC 14496-12, 4.3: four bytes of a main brand, four of its version, then four for each compatible one.
    """
    end = min(len(data), _big(data, 0, 4), MOST_BRANDS_BYTES)
    brands = {data[start : start + 4] for start in (8, *range(16, end - 3, 4))}
    if brands & AVIF_BRANDS:
        return Kind.AVIF
    return Kind.HEIF if brands & HEIF_BRANDS else None


def _read_heif(data: bytes, kind: Kind) -> Header:
    """The largest size that any item of the file is given, a tile of a grid or the whole.

    ISO/IEC 23008-12, 6.5.3: an ``ispe`` property has four bytes of version and flags, then width and height.
    """
    sizes = [
        (_big(data, start + 4, 4), _big(data, start + 8, 4))
        for meta in _boxes(data, 0, len(data), b"meta")
        for iprp in _boxes(data, meta[0] + 4, meta[1], b"iprp")
        for ipco in _boxes(data, *iprp, b"ipco")
        for start, end in _boxes(data, *ipco, b"ispe")
        if end - start >= 12
    ]
    if not sizes:
        raise _damaged_error()
    return Header(
        kind=kind, width=max(width for width, _ in sizes), height=max(height for _, height in sizes)
    )


def _boxes(data: bytes, start: int, end: int, name: bytes) -> Iterator[tuple[int, int]]:
    """Where the content of each box of that name begins and ends, among those that lie side by side."""
    while start + 8 <= end:
        size, begin = _big(data, start, 4), start + 8
        if size == 1:  # the size follows in eight bytes
            size, begin = _big(data, begin, 8), begin + 8
        stop = end if size == 0 else min(end, start + size)
        if stop < begin:
            return
        if data[start + 4 : start + 8] == name:
            yield begin, stop
        start = stop


def _name_other(data: bytes) -> str:
    if not data:
        return "empty"
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if b"<svg" in start or start.startswith(b"<?xml"):
        return "text"
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    if data[4:8] == b"ftyp":
        return "video"
    return next((name for magic, name in OTHER_KINDS if data.startswith(magic)), "unknown")


def _damaged_error() -> BadImageError:
    return BadImageError("damaged")


def _big(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(data[start : start + size], "big")


def _little(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(data[start : start + size], "little")
