"""What moderators see of the pictures of a case."""

from collections.abc import Sequence
from contextlib import suppress

from bots.delivery.attachments import Attachment, fit_attachment, pixelate
from studio.domain.cases import CaseImage
from studio.errors import NotFoundError
from studio.ports import Ports

__all__ = ["case_attachments", "pixelate", "pixelated_image"]


def case_attachments(ports: Ports, exhibits: Sequence[CaseImage], *, limit_bytes: int) -> list[Attachment]:
    """As far as their files are there. `limit_bytes` is for each of them. Raises `StorageError`."""
    found = []
    for exhibit in exhibits:
        with suppress(NotFoundError):
            data = ports.store.get(exhibit.key)
            found.append(fit_attachment(ports, data, limit_bytes=limit_bytes))
    return found


def pixelated_image(ports: Ports, exhibit: CaseImage) -> bytes | None:
    """PNG bytes; None where no file is there to make it of. Raises `StorageError`."""
    for key in (exhibit.thumbnail_key, exhibit.key):
        with suppress(NotFoundError):
            if mosaic := pixelate(ports.store.get(key)):
                return mosaic
    return None
