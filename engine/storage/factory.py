"""From a storage URL to a store."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fsspec
from fsspec.core import url_to_fs

from engine.storage.store import MAX_READ_BYTES, FsspecStore
from studio.errors import ConfigurationError

S3_OPTIONS: dict[str, Any] = {
    # Listings are cached for ever by default, and other workers write to the same bucket.
    "use_listings_cache": False,
    # A person waits: the defaults would try for minutes.
    "config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 2}},
}


def open_store(url: str, *, max_read_bytes: int = MAX_READ_BYTES, **options: Any) -> FsspecStore:
    """A folder (``/srv/pictures``, ``file:///srv/pictures``), ``s3://bucket/prefix`` or ``memory://name``.

    `options` go to fsspec; for S3 these are ``key``, ``secret``, ``endpoint_url`` and ``client_kwargs``.
    Without keys S3 looks in the usual places (environment, profile, instance role). Nothing is sent to S3
    until the first use. Raises `ConfigurationError` for an address that cannot be understood, and `StorageError`
    for a folder that cannot be made.
    """
    scheme = urlsplit(url).scheme if "://" in url else "file"
    if scheme not in fsspec.available_protocols():
        raise ConfigurationError(
            f"CHATELIER_STORAGE_URL: {scheme}:// is not known. Use a folder or s3://bucket/prefix."
        )
    if scheme == "file":
        folder = url.removeprefix("file://")
        if not folder:
            raise ConfigurationError("CHATELIER_STORAGE_URL: no folder is named. Write its full path.")
        return FsspecStore(
            fsspec.filesystem("file"), str(Path(folder).expanduser().resolve()), max_read_bytes=max_read_bytes
        )
    if scheme == "s3":
        if not urlsplit(url).netloc:
            raise ConfigurationError("CHATELIER_STORAGE_URL: no bucket is named. Write s3://bucket/prefix.")
        options = {**S3_OPTIONS, **options}
    try:
        filesystem, root = url_to_fs(url, **options)
    except (ImportError, ValueError, TypeError) as error:
        raise ConfigurationError(f"CHATELIER_STORAGE_URL: {scheme}:// cannot be opened: {error}") from error
    return FsspecStore(filesystem, root, max_read_bytes=max_read_bytes)
