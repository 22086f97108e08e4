"""One store for every kind of place: implements `studio.ports.Store` over fsspec."""

import mimetypes
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from engine.storage.atomic_writes import remove_unfinished, write_whole
from engine.storage.content_keys import folder_of, is_key, key_for
from engine.storage.errors import as_storage_failure
from studio.clock import now
from studio.errors import NotFoundError, StorageError

MAX_READ_BYTES = 128 * 1024 * 1024
_FRESH = timedelta(hours=1)
_MODIFIED = (
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "created",
)  # each kind of place has its own word


class FsspecStore:
    """Pictures under `root` in an fsspec file system. Safe for threads and for several processes.

    A put is atomic: on a local disk by rename, on S3 and in memory because an object appears whole.
    """

    def __init__(self, filesystem: Any, root: str, *, max_read_bytes: int = MAX_READ_BYTES) -> None:
        self._filesystem = filesystem
        self._root = root.rstrip("/")
        self._local = "file" in _protocols(filesystem)
        self._max_read_bytes = max_read_bytes
        if self._local:
            with as_storage_failure("clean up"):
                remove_unfinished(Path(self._root))

    def put(self, data: bytes, *, suffix: str) -> str:
        """Keep bytes and return their key; bytes that were put within the hour are not written again."""
        key = key_for(data, suffix)
        with as_storage_failure("store"):
            found = self._look_at(key)
            if found is None or found["size"] != len(data) or modified_at(found) < now() - _FRESH:
                self._write(key, data)
        return key

    def get(self, key: str) -> bytes:
        """Raises `NotFoundError` for an unknown key, `StorageError` if it cannot be read or is too large."""
        if not is_key(key):
            raise NotFoundError("this_picture")
        with as_storage_failure("read"):
            try:
                data: bytes = self._filesystem.cat_file(
                    self._path(key), start=0, end=self._max_read_bytes + 1
                )
            except FileNotFoundError:
                raise NotFoundError("this_picture") from None
            if len(data) > self._max_read_bytes:
                raise StorageError(
                    f"A stored file is larger than {self._max_read_bytes} bytes and was not read."
                )
        return data

    def exists(self, key: str) -> bool:
        with as_storage_failure("check"):
            return is_key(key) and self._look_at(key) is not None

    def size_of(self, key: str) -> int | None:
        """In bytes; None for an unknown key. Raises `StorageError`."""
        with as_storage_failure("check"):
            found = self._look_at(key) if is_key(key) else None
        return None if found is None else int(found["size"])

    def delete(self, key: str, *, unless_put_since: datetime | None = None) -> None:
        """Deleting an unknown key does nothing."""
        if not is_key(key):
            return
        with as_storage_failure("delete"):
            if unless_put_since is not None:
                found = self._look_at(key)
                if found is None or modified_at(found) >= unless_put_since:
                    return
            try:
                self._filesystem.rm_file(self._path(key))
            except FileNotFoundError:
                return

    def list_put(self, part: int, *, since: datetime, before: datetime) -> list[str]:
        """The keys in one of 256 parts, counted from 0, that were last put between two times."""
        folder = folder_of(part)
        with as_storage_failure("list"):
            try:
                found = self._filesystem.ls(self._path(folder), detail=True)
            except FileNotFoundError:
                return []
            names = [entry["name"] for entry in found if since <= modified_at(entry) < before]
        keys = (f"{folder}/{PurePosixPath(name).name}" for name in names)
        return sorted(key for key in keys if is_key(key))

    def free_bytes(self) -> int | None:
        if not self._local:
            return None
        try:
            return shutil.disk_usage(self._root).free
        except OSError:  # the next `put` says what is wrong
            return None

    def link(self, key: str, *, valid_seconds: int, save_as: str = "") -> str | None:
        """A signed address from which anybody may read the picture for a while; None where there is none.

        With `save_as`, the name of a file, browsers save it under that name. They may keep what they got as long again.
        """
        if not is_key(key) or "s3" not in _protocols(self._filesystem):
            return None
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        with as_storage_failure("link"):
            answered = {
                "ResponseContentType": kind,
                "ResponseCacheControl": f"private, max-age={valid_seconds}",
            }
            if save_as:
                answered["ResponseContentDisposition"] = f'attachment; filename="{save_as}"'
            return str(self._filesystem.sign(self._path(key), expiration=valid_seconds, **answered))

    def _write(self, key: str, data: bytes) -> None:
        if self._local:
            write_whole(Path(self._root), key, data)
        else:
            self._filesystem.pipe_file(self._path(key), data)

    def _look_at(self, key: str) -> dict[str, Any] | None:
        """What the file system tells of a file; None when it is not there."""
        try:
            found: dict[str, Any] = self._filesystem.info(self._path(key))
        except FileNotFoundError:
            return None
        return found

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"


def _protocols(filesystem: Any) -> tuple[str, ...]:
    named = filesystem.protocol
    return (named,) if isinstance(named, str) else tuple(named)


def modified_at(found: Mapping[str, Any]) -> datetime:
    """From what fsspec tells of a file; now where it does not tell, so that nothing is taken for old."""
    modified = next((found[name] for name in _MODIFIED if name in found), None) or now()
    return modified if isinstance(modified, datetime) else datetime.fromtimestamp(modified, tz=UTC)
