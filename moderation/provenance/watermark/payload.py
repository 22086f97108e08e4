"""A picture's id as the bits of its mark, with a checksum so that noise is not taken for one."""

from binascii import crc_hqx

import numpy as np

from moderation.provenance.watermark.convolutional_code import Bits, Floats, coded_length, decode, encode
from studio.domain.identifiers import PICTURE_BITS, picture_number, picture_numbered

_ID_BYTES = PICTURE_BITS // 8
_CHECK_BYTES = 2
CODED_BITS = coded_length(8 * (_ID_BYTES + _CHECK_BYTES))


def signs_of(picture_id: str) -> Floats:
    """`CODED_BITS` signs. Raises ValueError for what is not a picture id."""
    data = picture_number(picture_id).to_bytes(_ID_BYTES, "big")
    return encode(np.unpackbits(np.frombuffer(data + _check(data), np.uint8)))


def read_signs(strengths: Floats) -> str | None:
    """The first picture id in rows of `CODED_BITS` soft signs whose checksum is right."""
    return next((found for bits in decode(strengths) if (found := _id_in(bits))), None)


def _id_in(bits: Bits) -> str | None:
    data = np.packbits(bits).tobytes()
    number, check = data[:_ID_BYTES], data[_ID_BYTES:]
    return picture_numbered(int.from_bytes(number, "big")) if check == _check(number) else None


def _check(data: bytes) -> bytes:
    return crc_hqx(data, 0xFFFF).to_bytes(_CHECK_BYTES, "big")
