"""Addresses in a bucket from which browsers fetch pictures, past this process."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

VALID_SECONDS = 60  # whoever is passed an address may use it for so long
REUSED_SECONDS = 30  # how long a browser may keep one


@dataclass(frozen=True, slots=True)
class DownloadLinks:
    """`sign` makes an address for a key, valid for `VALID_SECONDS`; it may raise `StorageError`.

    `origin` is where all of them begin, such as ``https://pictures.s3.eu-central-1.amazonaws.com``.
    """

    origin: str
    sign: Callable[[str], str]

    @classmethod
    def with_origin_of(cls, address: str, sign: Callable[[str], str]) -> "DownloadLinks":
        place = urlsplit(address)
        return cls(f"{place.scheme}://{place.netloc}", sign)
