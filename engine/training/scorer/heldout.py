"""Which pairs of subjects the scorer never sees, so that the exam can ask for them."""

import zlib

HELD_OUT_OF = 10


def held_out(one: str, other: str) -> bool:
    """Whether the scorer never sees these two subjects together."""
    return zlib.crc32("|".join(sorted((one, other))).encode()) % HELD_OUT_OF == 0
