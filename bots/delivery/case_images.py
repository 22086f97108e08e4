"""What moderators see of the pictures of a case."""

import io
from collections.abc import Sequence
from contextlib import suppress

from PIL import Image, UnidentifiedImageError

from bots.delivery.attachments import Attachment, fit_attachment
from studio.domain.cases import CaseImage
from studio.errors import NotFoundError
from studio.ports import Ports


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


_TILES = 14  # on the longer side
_LONGEST = 448  # pixels


def pixelate(picture: bytes) -> bytes | None:
    """A PNG of a few coarse tiles; None for bytes that are no picture."""
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            image = opened.convert("RGB")
    except (OSError, UnidentifiedImageError):
        return None
    scale = _TILES / max(image.size)
    coarse = image.resize(_scaled(image.size, scale), Image.Resampling.BOX)
    mosaic = coarse.resize(_scaled(coarse.size, _LONGEST / _TILES), Image.Resampling.NEAREST)
    file = io.BytesIO()
    mosaic.save(file, "PNG", optimize=True)
    return file.getvalue()


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
