"""Who holds a home: a lock for others to find, and a note of what runs for them to read."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any, TextIO

from studio.errors import ConfigurationError


class HomeLock:
    """Held by one `chatelier up` at a time. The kernel drops the lock with the process, however it ends."""

    def __init__(self, note: Path, lock: TextIO) -> None:
        self._note = note
        self._lock = lock
        self._facts: dict[str, Any] = {"pid": os.getpid(), "open": False}

    @classmethod
    def claim(cls, folder: Path) -> "HomeLock":
        """Raises `ConfigurationError` when another process holds the home. `folder` is its run folder."""
        handle = os.open(_lock_of(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        lock = os.fdopen(handle, "r+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise ConfigurationError(_sentence(folder)) from None
        _note_of(folder).unlink(missing_ok=True)  # of one that was killed
        return cls(_note_of(folder), lock)

    def __enter__(self) -> "HomeLock":
        return self

    def __exit__(self, *_: object) -> None:
        self._note.unlink(missing_ok=True)
        self._lock.close()

    def write(self, **facts: Any) -> None:
        """Note what runs, for this user's eyes only; facts noted before stay.

        `url`, `redis_url`, `processes` (process ids by name), and `open` once everything is ready.
        """
        self._facts |= facts
        unfinished = self._note.with_suffix(".new")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(self._facts, file)
        unfinished.replace(self._note)


def occupant(folder: Path) -> dict[str, Any] | None:
    """What the process that holds the home noted; empty if it noted nothing yet, None if there is none."""
    try:
        with _lock_of(folder).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            facts: dict[str, Any] = json.loads(_note_of(folder).read_text())
        except (OSError, ValueError):
            return {}
        return facts
    except OSError:
        return None
    return None


def _sentence(folder: Path) -> str:
    facts = occupant(folder) or {}
    where = f" at {facts['url']} (process {facts['pid']})" if "url" in facts and "pid" in facts else ""
    return (
        f"Chatelier is already running on {folder.parent}{where}."
        " Stop it first, or set CHATELIER_HOME to another folder."
    )


def _lock_of(folder: Path) -> Path:
    return folder / "up.lock"


def _note_of(folder: Path) -> Path:
    return folder / "up.json"
