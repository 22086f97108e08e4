"""Short names for jobs and pictures, easy to read aloud and to put into a button."""

import hashlib
import re
import secrets

# Crockford's base 32: no i, l, o, u, so that no letter looks like a digit.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_CODE_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"  # none that looks like another
_JOB_LENGTH = 12  # 60 random bits
JOB_ID = re.compile(rf"[{_ALPHABET}]{{{_JOB_LENGTH}}}")
PICTURE_ID = re.compile(rf"({JOB_ID.pattern})\.([1-9]|1[0-6])")
PICTURE_BITS = 64  # 60 for the job, 4 for the index
MOST_PICTURES = 16  # of a job


def new_job_id() -> str:
    """A fresh random job id of 12 letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_JOB_LENGTH))


def new_code(length: int) -> str:
    """A secret of random letters and digits that people copy by hand; about 4.9 bits each."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(length))


def job_id_of(text: str) -> str:
    """The same id for the same text, for what is painted without any records."""
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_JOB_LENGTH))


def picture_id(job_id: str, index: int) -> str:
    """The id of a job's picture; `index` counts from 1 to 16."""
    return f"{job_id}.{index}"


def is_job_id(text: str) -> bool:
    return JOB_ID.fullmatch(text) is not None


def split_picture_id(text: str) -> tuple[str, int] | None:
    """``"k3v9m2p4qx7a.2"`` becomes ``("k3v9m2p4qx7a", 2)``; anything else becomes None."""
    match = PICTURE_ID.fullmatch(text)
    return (match[1], int(match[2])) if match else None


def picture_number(text: str) -> int:
    """A picture id as a number of 64 bits. Raises ValueError for anything else."""
    split = split_picture_id(text)
    if split is None:
        raise ValueError("not a picture id")
    number = 0
    for letter in split[0]:
        number = number << 5 | _ALPHABET.index(letter)
    return number << 4 | split[1] % MOST_PICTURES


def picture_numbered(number: int) -> str | None:
    """The picture id that `picture_number` made this number from; None for one that it never makes."""
    index, rest = number % MOST_PICTURES or MOST_PICTURES, number // MOST_PICTURES
    letters = "".join(_ALPHABET[rest >> 5 * place & 31] for place in reversed(range(_JOB_LENGTH)))
    return picture_id(letters, index) if number and rest >> 5 * _JOB_LENGTH == 0 else None
