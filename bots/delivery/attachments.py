"""The picture files that go with a message, within the size that its platform takes."""

import base64
import binascii
import io
from dataclasses import dataclass, field

from bots.queries.job_view import JobView
from studio.errors import NotFoundError
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


def job_attachment(ports: Ports, job_view: JobView, *, limit_bytes: int) -> Attachment | None:
    """The picture of the job, or the numbered grid of its pictures; None when their files are gone.

    Raises `StorageError`.
    """
    if not job_view.pictures:
        return None
    try:
        data = ports.store.get(job_view.pictures[0].key) if job_view.alone else _grid(ports, job_view)
    except NotFoundError:
        return None
    return fit_attachment(ports, data, limit_bytes=limit_bytes)


def fit_attachment(ports: Ports, data: bytes, *, limit_bytes: int) -> Attachment:
    limit_bytes -= _ROOM_FOR_WORDS_BYTES
    if len(data) <= limit_bytes:
        return Attachment(data=data, suffix=".png")
    smaller, suffix = ports.image_tools.fit(data, limit_bytes=limit_bytes)
    return Attachment(data=smaller, suffix=suffix)


def _grid(ports: Ports, job_view: JobView) -> bytes:
    """The worker's grid, unless it is gone or its numbers would not be those of the buttons."""
    numbers = [picture.index for picture in job_view.pictures]
    complete = numbers == list(range(1, len(numbers) + 1))
    if complete and job_view.job.grid_key:
        try:
            return ports.store.get(job_view.job.grid_key)
        except NotFoundError:
            pass
    by_number = {picture.index: picture for picture in job_view.pictures}
    first = job_view.pictures[0]
    empty = _empty_tile(first.width, first.height)
    return ports.image_tools.grid(
        [
            ports.store.get(by_number[number].key) if number in by_number else empty
            for number in range(1, max(numbers) + 1)
        ]
    )


def _empty_tile(width: int, height: int) -> bytes:
    """Stands where a picture was deleted or refused, so that the others keep their numbers."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (width, height), (43, 45, 49)).save(file, "PNG")
    return file.getvalue()


def decoded(data_url: str) -> Attachment | None:
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
    coarse = image.resize(_scaled(image.size, scale), Image.Resampling.BOX)
    mosaic = coarse.resize(_scaled(coarse.size, _LONGEST_PIXELATED / _TILES), Image.Resampling.NEAREST)
    file = io.BytesIO()
    mosaic.save(file, "PNG", optimize=True)
    return file.getvalue()


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
