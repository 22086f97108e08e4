"""Keys made from content: the same bytes always have the same key."""

import hashlib
import re

SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
KEY = re.compile(r"pictures/[0-9a-f]{2}/[0-9a-f]{62}\.[a-z0-9]{1,8}")


def key_for(data: bytes, suffix: str) -> str:
    """``pictures/ab/cdef….png``: the SHA-256 of `data` in hex, split after two digits."""
    if not SUFFIX.fullmatch(suffix):
        raise ValueError(f"a suffix is a dot and up to eight letters or digits, not {suffix!r}")
    digest = hashlib.sha256(data).hexdigest()
    return f"pictures/{digest[:2]}/{digest[2:]}{suffix}"


def is_key(text: str) -> bool:
    """Whether `text` is a key that `key_for` could have made; nothing else ever reaches a file system."""
    return KEY.fullmatch(text) is not None


def folder_of(part: int) -> str:
    """Keys lie in 256 folders, by the first two digits of their hash."""
    return f"pictures/{part:02x}"
