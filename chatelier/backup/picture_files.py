"""The files that records name, out of a store and into one. Each is checked against the hash in its name."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.storage.content_keys import is_key, key_for
from studio.db.tables import JobRow, JobSourceRow, PictureRow
from studio.errors import ConfigurationError, NotFoundError, StorageError
from studio.ports import Store
from studio.services.file_references import HAS_FILES

_BATCH = 5000
_IMAGES = (
    PictureRow.storage_key,
    PictureRow.master_key,
    PictureRow.thumbnail_key,
    PictureRow.thumbnail_640_key,
    PictureRow.thumbnail_1280_key,
)


class DamagedFileError(StorageError):
    """A stored file is not the one that was stored."""


def named_files(session: Session) -> Iterator[str]:
    """The keys of pictures that are there or may be shown again, of grids, and of sources; some more than once."""
    there = select(*_IMAGES).where(HAS_FILES)
    grids = select(JobRow.grid_key).where(JobRow.grid_key.is_not(None))
    for query in (there, grids, select(JobSourceRow.file_key)):
        for row in session.execute(query.execution_options(yield_per=_BATCH)):
            yield from (key for key in row if key and is_key(key))


def save_file(store: Store, key: str, folder: Path) -> int | None:
    """Its size in bytes; None when it is gone from the store, 0 when it was saved before.

    Raises `StorageError`, of which `DamagedFileError` is about this file alone.
    """
    path = folder / key
    if path.exists():
        return 0
    try:
        data = store.get(key)
    except NotFoundError:
        return None
    if key_for(data, PurePosixPath(key).suffix) != key:
        raise DamagedFileError(f"The stored file {key} is damaged: its content is not what its name says.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return len(data)


def load_files(store: Store, folder: Path, *, expected: int) -> int:
    """Put all files of a backup into a store; how many. Raises `ConfigurationError` and `StorageError`."""
    loaded = 0
    paths = sorted((folder / "pictures").glob("*/*"))
    if len(paths) < expected:
        raise ConfigurationError(
            f"The backup is not whole: {folder / 'pictures'} has {len(paths):,} of {expected:,} files. Copy all of it."
        )
    for path in paths:
        key = path.relative_to(folder).as_posix()
        data = path.read_bytes()
        if not is_key(key) or key_for(data, path.suffix) != key:
            raise ConfigurationError(f"The backup is damaged: {path} is not the file that was saved.")
        store.put(data, suffix=path.suffix)
        loaded += 1
    return loaded
