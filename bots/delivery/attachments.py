"""Picture files that go with a message, within the size that its platform takes."""

import base64
import binascii
import io
from dataclasses import dataclass, field

from studio.ports import Ports

DEFAULT_LIMIT_BYTES = 10 * 1024 * 1024
_ROOM_FOR_WORDS_BYTES = 16 * 1024
_LARGEST_PREVIEW = 200_000  # characters
_TILES = 14  # of a pixelated copy, on the longer side
_LONGEST_PIXELATED = 448  # pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """An encoded picture; `suffix` is its file ending with the dot."""

    data: bytes = field(repr=False)
    suffix: str


def fit_attachment(ports: Ports, data: bytes, *, limit_bytes: int) -> Attachment:
    """An encoded picture in a request of at most `limit_bytes`, with room for its words; smaller when needed."""
    limit_bytes -= _ROOM_FOR_WORDS_BYTES
    if len(data) <= limit_bytes:
        return Attachment(data=data, suffix=".png")
    smaller, suffix = ports.image_tools.fit(data, limit_bytes=limit_bytes)
    return Attachment(data=smaller, suffix=suffix)


def decode_preview(data_url: str) -> Attachment | None:
    """The bytes of a small ``data:image/…;base64,`` URL: a preview of what is being painted."""
    head, _, body = data_url.partition(",")
    kind = head.removeprefix("data:image/").removesuffix(";base64")
    if len(body) > _LARGEST_PREVIEW or kind not in ("png", "jpeg", "webp"):
        return None
    try:
        return Attachment(data=base64.b64decode(body, validate=True), suffix=f".{kind}")
    except binascii.Error:
        return None


def pixelate(picture: bytes) -> bytes | None:
    """A PNG of a few coarse tiles; None for bytes that are no picture."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(picture)) as opened:
            image = opened.convert("RGB")
    except (OSError, UnidentifiedImageError):
        return None
    scale = _TILES / max(image.size)
    coarse = image.resize(_scale(image.size, scale), Image.Resampling.BOX)
    mosaic = coarse.resize(_scale(coarse.size, _LONGEST_PIXELATED / _TILES), Image.Resampling.NEAREST)
    file = io.BytesIO()
    mosaic.save(file, "PNG", optimize=True)
    return file.getvalue()


def _scale(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
