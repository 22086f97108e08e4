"""One store for every kind of place: implements `studio.ports.Store` over fsspec."""

from pathlib import Path
from typing import Any

from engine.storage.failures import as_storage_failure
from engine.storage.folder import remove_unfinished, write_whole
from engine.storage.keys import is_key, key_for
from studio.errors import NotFound, StorageFailed

MAX_READ_BYTES = 128 * 1024 * 1024


class Shelf:
    """Pictures under `root` in an fsspec file system. Safe for threads and for several processes.

    A put is atomic: on a local disk by rename, on S3 and in memory because an object appears whole.
    """

    def __init__(self, filesystem: Any, root: str, *, max_read_bytes: int = MAX_READ_BYTES) -> None:
        self._filesystem = filesystem
        self._root = root.rstrip("/")
        self._local = "file" in _protocols(filesystem)
        self._max_read_bytes = max_read_bytes
        if self._local:
            with as_storage_failure("tidy"):
                remove_unfinished(Path(self._root))

    def put(self, data: bytes, *, suffix: str) -> str:
        """Keep bytes and return their key; bytes that are there already are not written again."""
        key = key_for(data, suffix)
        with as_storage_failure("store"):
            if self._size_of(key) != len(data):
                self._write(key, data)
        return key

    def get(self, key: str) -> bytes:
        """Raises `NotFound` for an unknown key, `StorageFailed` if it cannot be read or is too large."""
        if not is_key(key):
            raise NotFound("That picture")
        with as_storage_failure("read"):
            try:
                data: bytes = self._filesystem.cat_file(
                    self._path(key), start=0, end=self._max_read_bytes + 1
                )
            except FileNotFoundError:
                raise NotFound("That picture") from None
            if len(data) > self._max_read_bytes:
                raise StorageFailed(
                    f"A stored file is larger than {self._max_read_bytes} bytes and was not read."
                )
        return data

    def exists(self, key: str) -> bool:
        with as_storage_failure("look for"):
            return is_key(key) and self._size_of(key) is not None

    def delete(self, key: str) -> None:
        """Deleting an unknown key does nothing."""
        if not is_key(key):
            return
        with as_storage_failure("delete"):
            try:
                self._filesystem.rm_file(self._path(key))
            except FileNotFoundError:
                return

    def link(self, key: str, *, valid_seconds: int) -> str | None:
        """A signed address from which anybody may read the picture for a while; None where there is none."""
        if not is_key(key) or "s3" not in _protocols(self._filesystem):
            return None
        with as_storage_failure("link"):
            return str(self._filesystem.sign(self._path(key), expiration=valid_seconds))

    def _write(self, key: str, data: bytes) -> None:
        if self._local:
            write_whole(Path(self._root), key, data)
        else:
            self._filesystem.pipe_file(self._path(key), data)

    def _size_of(self, key: str) -> int | None:
        try:
            return int(self._filesystem.info(self._path(key))["size"])
        except FileNotFoundError:
            return None

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"


def _protocols(filesystem: Any) -> tuple[str, ...]:
    named = filesystem.protocol
    return (named,) if isinstance(named, str) else tuple(named)
