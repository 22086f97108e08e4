"""Addresses in a bucket from which browsers fetch pictures, past this process."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

VALID_SECONDS = 60  # anybody who has an address may use it for so long
REUSED_SECONDS = 30  # how long a browser may keep one


def file_name_of(picture_id: str) -> str:
    """Under which a browser saves a picture."""
    return f"chatelier-{picture_id.replace('.', '-')}.png"


class SignAddress(Protocol):
    def __call__(self, key: str, save_as: str = "", /) -> str: ...


@dataclass(frozen=True, slots=True)
class DownloadLinks:
    """`sign` makes an address for a key, valid for `VALID_SECONDS`; it may raise `StorageError`.

    With a second argument, the name of a file, browsers save the picture under that name.

    `origin` is where all of them begin, such as ``https://pictures.s3.eu-central-1.amazonaws.com``.
    """

    origin: str
    sign: SignAddress

    @classmethod
    def with_origin_of(cls, address: str, sign: SignAddress) -> "DownloadLinks":
        place = urlsplit(address)
        return cls(f"{place.scheme}://{place.netloc}", sign)
