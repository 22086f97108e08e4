"""A picture as a mosaic: what a moderator sees until they ask for more."""

import io

from PIL import Image, UnidentifiedImageError

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
