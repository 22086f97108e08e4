"""A full disk, by whichever error it is noticed first."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from studio.errors import DatabaseUnavailableError


@contextmanager
def full_disk_as_os_error() -> Iterator[None]:
    """SQLite has an error of its own for it, which SQLAlchemy and `Database` wrap."""
    try:
        yield
    except (sqlite3.OperationalError, DBAPIError, DatabaseUnavailableError) as error:
        cause = error.__cause__ if isinstance(error, DatabaseUnavailableError) else error
        found = cause.orig if isinstance(cause, DBAPIError) else cause
        if isinstance(found, sqlite3.Error) and found.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise
