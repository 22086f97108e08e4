"""Private chunks of a PNG: data that travels inside a stored file, and that every reader of pictures skips.

PNG, third edition, section 5 (https://www.w3.org/TR/png-3/).
"""

import struct
import zlib
from collections.abc import Iterator

UPLOAD_CREDENTIALS = (
    b"ckCr"  # ancillary, private, not safe to copy: of an upload, what its own content credentials said
)
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">I4s")


def add_chunk(png: bytes, name: bytes, data: bytes) -> bytes:
    """Before the end of the file. Raises ValueError for what is no complete PNG."""
    end = next((start for start, found, _ in _chunks(png) if found == b"IEND"), None)
    if end is None:
        raise ValueError("not a complete PNG")
    crc = struct.pack(">I", zlib.crc32(name + data))
    return b"".join((png[:end], _HEAD.pack(len(data), name), data, crc, png[end:]))


def read_chunk(png: bytes, name: bytes) -> bytes:
    """The first chunk of that name; empty where there is none."""
    return next((data for _, found, data in _chunks(png) if found == name), b"")


def _chunks(png: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Where each whole chunk starts, its name and its data."""
    at = len(_SIGNATURE)
    while png.startswith(_SIGNATURE) and at + _HEAD.size <= len(png):
        length, name = _HEAD.unpack_from(png, at)
        after = at + _HEAD.size + length + 4
        if after > len(png):
            return
        yield at, name, png[at + _HEAD.size : after - 4]
        at = after
