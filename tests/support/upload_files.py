"""Image files for tests of uploads: photographs, colour profiles, and headers that promise too much."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

from studio.ports import CleanUpload

ORIENTATION = 0x0112


def photograph(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    """Red grows to the right, green downwards, and the upper left corner is blue."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    pixels[: height // 4, : width // 4, 2] = 255
    return Image.fromarray(pixels).convert(mode)


def encode(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def opened(upload: CleanUpload) -> Image.Image:
    return Image.open(io.BytesIO(upload.png))


def pixels_of(upload: CleanUpload) -> np.ndarray:
    return np.asarray(opened(upload)).astype(int)


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_bomb(width: int, height: int, *, bits: int = 1, colour: int = 0) -> bytes:
    """A valid header for any size over a few bytes of data."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    )


def jpeg_bomb(width: int, height: int) -> bytes:
    """A small JPEG whose frame header claims another size."""
    data = bytearray(encode(photograph(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_bomb(width: int, height: int, *, extended: bool) -> bytes:
    if extended:
        body = b"VP8X" + struct.pack("<I", 10) + bytes(4)
        body += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    else:
        body = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)
    body += bytes(64)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def heif_bomb(brand: bytes, width: int, height: int) -> bytes:
    """A header that gives its one item any size, and nothing to decode."""
    ispe = box(b"ispe", bytes(4) + struct.pack(">II", width, height))
    meta = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", ispe)))
    return box(b"ftyp", brand + bytes(4) + b"mif1" + brand) + meta


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def red_for_blue_profile() -> bytes:
    """The usual profile with the tags of its red and blue primaries exchanged, under another name."""
    profile = srgb_profile().replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    return profile.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


LINEAR_CURVE = b"para" + bytes(8) + (1 << 16).to_bytes(4, "big")  # a power of 1


def linear_profile() -> bytes:
    """The usual profile, under its usual name, with straight lines for curves: light as it is added up."""
    profile = bytearray(srgb_profile())
    for tag in (b"rTRC", b"gTRC", b"bTRC"):
        place = profile.index(tag, 128) + 4
        start = int.from_bytes(profile[place : place + 4], "big")
        profile[start : start + len(LINEAR_CURVE)] = LINEAR_CURVE
    return bytes(profile)


def linear_grey_profile() -> bytes:
    tags = {b"wtpt": b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061), b"kTRC": LINEAR_CURVE}
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = bytearray(srgb_profile()[:128])
    header[16:20] = b"GRAY"
    whole = bytes(header) + table + body
    return len(whole).to_bytes(4, "big") + whole[4:]
