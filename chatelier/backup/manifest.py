"""A backup's folder: it has its name only when everything in it is whole."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from studio.errors import ConfigurationError

RECORDS = "records.sqlite3"
KEYS = "keys"
UNFINISHED = ".unfinished"  # ends the name of a backup that is being made, or was interrupted
_MANIFEST = "backup.json"
_PIECE_BYTES = 1024 * 1024
_MOST_MISSING = 0.1  # more than people delete while a backup runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`files` are the SHA-256 sums, in hex, of all files but the pictures, which have theirs in their names.

    `missing` counts the files that were not in the storage, as those that were deleted between the records and their
    turn, and `damaged` those whose content is not what their names say. Neither are in the backup.
    """

    version: str
    schema: str
    made_at: str
    rows: int
    pictures: int
    picture_bytes: int
    missing: int = 0
    damaged: int = 0
    files: dict[str, str] = field(default_factory=dict)

    @property
    def lacks_many(self) -> bool:
        """Whether more files were missing than deletions explain: the storage may be another one."""
        return self.missing > _MOST_MISSING * (self.pictures + self.missing)


@contextmanager
def unfinished_folder(target: Path) -> Iterator[Path]:
    """An empty folder to fill; `finish` gives it the name `target`.

    Raises `ConfigurationError`.
    """
    if target.exists():
        raise ConfigurationError(f"{target} is there already. Name a folder that is not.")
    folder = target.with_name(target.name + UNFINISHED)
    try:
        with _own_folder(folder):
            yield folder
    except OSError as error:
        raise ConfigurationError(
            f"The backup was not made: {folder}: {error.strerror or error}. Free space, or name another place."
        ) from error


@contextmanager
def _own_folder(folder: Path) -> Iterator[None]:
    """Empty, locked against a second backup into it, and gone afterwards unless it has another name by then."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise ConfigurationError(f"Another backup is being written into {folder}.") from None
    try:
        for path in folder.iterdir():  # of a backup that was interrupted
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def finish(folder: Path, target: Path, manifest: Manifest) -> None:
    """Everything is on the disk before the backup has its name."""
    path = folder / _MANIFEST
    path.write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    for directory, _, names in os.walk(folder):
        for name in (*names, "."):
            _sync(Path(directory, name))
    folder.rename(target)
    _sync(target.parent)


def read_manifest(folder: Path) -> Manifest:
    """Raises `ConfigurationError` for what is no whole backup."""
    try:
        found = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**found)
    except (OSError, ValueError, TypeError):
        raise ConfigurationError(
            f"{folder} is no backup, or one that was interrupted: it has no readable {_MANIFEST}."
        ) from None
    if folder.name.endswith(UNFINISHED):
        raise ConfigurationError(f"{folder} is a backup that was interrupted. Take another one.")
    for name, expected in manifest.files.items():
        if not (folder / name).is_file() or sum_of(folder / name) != expected:
            raise ConfigurationError(
                f"The backup is damaged: {folder / name} is not the file that was saved."
            )
    return manifest


def sum_of(path: Path) -> str:
    """SHA-256 in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
