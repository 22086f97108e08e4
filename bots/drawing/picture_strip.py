"""Pictures side by side, each with a caption: the winners of an evolution, the turns of a chain."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from bots.drawing.fonts import font_for
from studio.errors import NotFoundError, StorageError
from studio.ports import Store

_TILE, _GAP, _CAPTION = 256, 16, 30  # pixels
_IN_A_ROW = 6
_LETTERS = 17  # pixels
_COARSE = 8  # tiles across a picture that shows no details
_PAPER, _INK, _EMPTY, _FAINT = "#f7f4ee", "#2b2d31", "#d9d5cc", "#8d877b"


@dataclass(frozen=True, slots=True, kw_only=True)
class StripTile:
    """`key` is a picture's storage key; None: the picture is gone, and `caption_of_gone` stands in its place.

    `pixelated`: it is shown without details.
    """

    key: str | None
    caption: str
    caption_of_gone: str = ""
    pixelated: bool = False


def draw_strip(tiles: Sequence[StripTile], store: Store, *, in_a_row: int = _IN_A_ROW) -> bytes:
    """A PNG of at most so many tiles in a row. Files that cannot be read are empty tiles."""
    columns = min(len(tiles), in_a_row)
    rows = -(-len(tiles) // in_a_row)
    step, height = _TILE + _GAP, _TILE + _CAPTION + _GAP
    sheet = Image.new("RGB", (columns * step + _GAP, rows * height + _GAP), _PAPER)
    brush = ImageDraw.Draw(sheet)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, in_a_row)
        left, top = _GAP + column * step, _GAP + row * height
        picture = _read(tile, store)
        if picture is None:
            picture = Image.new("RGB", (_TILE, _TILE), _EMPTY)
        sheet.paste(picture, (left, top))
        middle = left + _TILE // 2
        if tile.key is None and tile.caption_of_gone:
            font = font_for(tile.caption_of_gone, size=_LETTERS)
            brush.text((middle, top + _TILE // 2), tile.caption_of_gone, fill=_FAINT, font=font, anchor="mm")
        font = font_for(tile.caption, size=_LETTERS)
        brush.text((middle, top + _TILE + 6), tile.caption, fill=_INK, font=font, anchor="ma")
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _read(tile: StripTile, store: Store) -> Image.Image | None:
    if tile.key is None:
        return None
    try:
        with Image.open(io.BytesIO(store.get(tile.key))) as image:
            picture = ImageOps.fit(image.convert("RGB"), (_TILE, _TILE))
    except (NotFoundError, StorageError, OSError):
        return None
    if tile.pixelated:
        coarse = picture.resize((_COARSE, _COARSE), Image.Resampling.BOX)
        return coarse.resize(picture.size, Image.Resampling.NEAREST)
    return picture
