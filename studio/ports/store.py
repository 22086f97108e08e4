"""Files by the hash of their content."""

from datetime import datetime
from typing import Protocol

STORE_PARTS = 256  # a store can be looked through part by part


class Store(Protocol):
    def put(self, data: bytes, *, suffix: str) -> str:
        """Keep bytes and return their key, made from their hash: the same bytes have the same key.

        A file that is put again is as good as new. `suffix` is the file ending with its dot. Raises
        `StorageError`; never leaves half a file.
        """

    def get(self, key: str) -> bytes:
        """Raises `NotFoundError` for an unknown key, `StorageError` when the storage cannot be read."""

    def delete(self, key: str, *, unless_put_since: datetime | None = None) -> None:
        """Deleting an unknown key does nothing."""

    def free_bytes(self) -> int | None:
        """Room on its disk; None where it does not tell, as a bucket does not."""

    def list_put(self, part: int, *, since: datetime, before: datetime) -> list[str]:
        """The keys in one of `STORE_PARTS` parts, counted from 0, that were last put between two times."""
