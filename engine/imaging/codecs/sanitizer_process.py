"""Where files from outside are opened: a child process that may use little memory and little time.

A decoder that a hostile file breaks, hangs or fills with data takes only the child down. A few work side by side, so
that a file that hangs its child keeps nobody waiting.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from engine.imaging.codecs.upload_sanitizer import check_size, clean_upload
from studio.errors import BadImageError
from studio.ports import CleanUpload
from studio.sandbox.image_replies import bad_image_of, reply_of
from studio.sandbox.worker_process import (
    TIMEOUT_SECONDS,
    Reply,
    WorkerBusyError,
    WorkerCrashedError,
    WorkerProcess,
    WorkerTask,
)

# Virtual memory: about 60 MB for the interpreter and its libraries, the rest for the largest picture allowed.
MEMORY_BYTES = 512 * 2**20
PLACES = 3


class UploadSanitizer:
    """Safe for many threads; a few are served at the same time, the others wait for a place."""

    def __init__(
        self,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        places: int = PLACES,
        command: Sequence[str] | None = None,
    ) -> None:
        """As `WorkerProcess`."""
        self.worker_process = WorkerProcess(
            WorkerTask(function="engine.imaging.codecs.sanitizer_process:answer", attachments=3),
            timeout_seconds=timeout_seconds,
            memory_bytes=memory_bytes,
            places=places,
            command=command,
        )

    def clean(self, data: bytes) -> CleanUpload:
        """As `clean_upload`. Raises `BadImageError` also for a file that its decoder did not survive."""
        check_size(data)
        try:
            reply, pictures = self.worker_process.ask(data, check=_check)
        except WorkerBusyError as error:
            raise BadImageError("busy") from error
        except WorkerCrashedError as error:
            raise BadImageError("unsafe") from error
        if "error" in reply:
            raise bad_image_of(reply)
        return CleanUpload(
            png=pictures[0],
            width=reply["width"],
            height=reply["height"],
            mask_png=pictures[1] or None,
            as_mask_png=pictures[2] or None,
        )


@cache
def shared_sanitizer() -> UploadSanitizer:
    """One for the process: its child starts with the first upload."""
    return UploadSanitizer()


def _check(reply: dict[str, Any]) -> None:
    """Raises ValueError for what no child of ours answers: one that a file took over may say anything."""
    if "error" in reply:
        bad_image_of(reply)
        return
    if not all(isinstance(reply.get(name), int) for name in ("width", "height")):
        raise ValueError("invalid reply from the sanitizer process")


# ---- in the child


def answer(data: bytes) -> Reply:
    """The picture, its mask, and itself read as a mask, with their size; or why there are none.

    Both masks are empty for a picture without transparency.
    """
    try:
        upload = clean_upload(data)
    except BadImageError as error:
        return reply_of(error), [b"", b"", b""]
    except MemoryError:
        return reply_of(BadImageError("too_much_memory")), [b"", b"", b""]
    size = {"width": upload.width, "height": upload.height}
    return size, [upload.png, upload.mask_png or b"", upload.as_mask_png or b""]
