"""What goes wrong in a storage, as the reason of a `StorageError`."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from studio.errors import ChatelierError, StorageError

log = logging.getLogger(__name__)

FULL, READ_ONLY, NO_ACCESS, MISSING_PLACE, AWAY = "full", "read_only", "no_access", "no_place", "no_answer"

REASONS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: NO_ACCESS,
    errno.EPERM: NO_ACCESS,
    errno.ENOENT: MISSING_PLACE,
    errno.ENOTDIR: MISSING_PLACE,
    errno.EBUSY: AWAY,
    errno.ETIMEDOUT: AWAY,
    errno.ECONNREFUSED: AWAY,
}


@contextmanager
def as_storage_failure(action: str) -> Iterator[None]:
    """Every failure of the file system or its network becomes a `StorageError`; the cause goes to the log.

    The drivers behind fsspec raise errors of many libraries (botocore's among them), which share no base but
    Exception.
    """
    try:
        yield
    except ChatelierError:
        raise
    except Exception as error:
        log.error("storage operation failed: operation=%s error=%s: %s", action, type(error).__name__, error)
        raise StorageError(reason=reason_of(error)) from error


def reason_of(error: Exception) -> str:
    """Empty for a failure of which nothing is known."""
    if isinstance(error, FileNotFoundError):
        return MISSING_PLACE
    if isinstance(error, PermissionError):
        return NO_ACCESS
    if isinstance(error, OSError) and error.errno in REASONS:
        return REASONS[error.errno]
    # botocore names its network errors, and is not imported for a folder.
    if isinstance(error, ConnectionError | TimeoutError) or "Connect" in type(error).__name__:
        return AWAY
    if "Credentials" in type(error).__name__:
        return NO_ACCESS
    return ""
