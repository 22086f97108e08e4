"""Files and folders are made for this user alone, whatever the folder above them allows."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PRIVATE_UMASK = 0o077
# What Chatelier makes in a home. An administrator may keep other things beside it, which stay as they are.
_MADE_HERE = (
    *("studio.sqlite3*", "session-secret*", "learned.json*", "models.toml", "chatelier.toml"),
    *("logs", "models", "provenance", "redis", "run", "storage"),
)
_umask_of_person: int | None = None


def make_files_private() -> None:
    """From here on this process and its children make files of mode 600 and folders of mode 700.

    By the umask, because SQLite, Valkey and the logging library make files of their own.
    """
    global _umask_of_person  # noqa: PLW0603 - a process has one umask
    _umask_of_person = os.umask(_PRIVATE_UMASK)


@contextmanager
def with_umask_of_person() -> Iterator[None]:
    """For what a person asked to have written somewhere: such files are as open as any other that they make."""
    if _umask_of_person is None:
        yield
        return
    private = os.umask(_umask_of_person)
    try:
        yield
    finally:
        os.umask(private)


def close_home_to_others(home: Path) -> None:
    """Take rights away that an older version or another umask gave to what Chatelier made directly in `home`.

    What lies deeper is out of reach then. Links and what belongs to others stay as they are; so does `home` itself,
    which the administrator may have chosen for more than this.
    """
    for path in (found for name in _MADE_HERE for found in home.glob(name)):
        with suppress(OSError):
            mode = path.lstat().st_mode
            if mode & 0o077 and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                path.chmod(stat.S_IMODE(mode) & 0o700)
