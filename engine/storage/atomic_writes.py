"""Whole files or none, on a local disk."""

import os
import secrets
import time
from pathlib import Path

# On the same disk as the pictures, so that a file moves out of it in one step.
UNFINISHED_FOLDER = ".unfinished"
# Writing a picture takes a second; what is older than this was left by a crash.
STALE_AFTER_SECONDS = 3600.0


def write_whole(root: Path, key: str, data: bytes) -> None:
    """The file `key` appears under `root` with all of `data`, safe on disk, or not at all. Raises OSError."""
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = root / UNFINISHED_FOLDER / secrets.token_hex(16)
    temporary.parent.mkdir(exist_ok=True)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_unfinished(root: Path, *, older_than_seconds: float = STALE_AFTER_SECONDS) -> int:
    """Delete what crashed writers left under `root`, which is made if need be; answers how many files."""
    before = time.time() - older_than_seconds
    folder = root / UNFINISHED_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    removed = 0
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < before:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # another process was faster
    return removed


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
