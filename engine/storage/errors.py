"""What goes wrong in a storage, as one sentence that says what to do."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from studio.errors import ChatelierError, StorageError

log = logging.getLogger(__name__)

FULL = "The disk for pictures is full, so nothing was stored or charged. An administrator has to make room."
READ_ONLY = (
    "The place for pictures cannot be written to. Nothing was charged; an administrator has to allow it."
)
NO_ACCESS = (
    "The storage for pictures does not let the studio in. Nothing was charged; "
    "an administrator has to check its keys and permissions."
)
MISSING_PLACE = (
    "The folder or bucket for pictures is not there. Nothing was charged; "
    "an administrator has to create it or correct CHATELIER_STORAGE_URL."
)
AWAY = "The storage for pictures does not answer. Nothing was charged; please try again in a minute."

SENTENCES = {
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
        sentence = sentence_for(error)
        log.error("storage operation failed: operation=%s error=%s: %s", action, type(error).__name__, error)
        raise StorageError(sentence) from error


def sentence_for(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return MISSING_PLACE
    if isinstance(error, PermissionError):
        return NO_ACCESS
    if isinstance(error, OSError) and error.errno in SENTENCES:
        return SENTENCES[error.errno]
    # botocore names its network errors, and is not imported for a folder.
    if isinstance(error, ConnectionError | TimeoutError) or "Connect" in type(error).__name__:
        return AWAY
    if "Credentials" in type(error).__name__:
        return NO_ACCESS
    return StorageError.sentence
