"""The lineage of a mural, drawn: its cells with the names of those who painted them, and below them the whole."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from bots.drawing.fonts import font_for
from bots.drawing.mural_map import MuralPlan, MuralTile, draw_sheet, read_tile
from bots.texts.shortening import shorten
from studio.ports import Store

_TILE, _GAP, _CAPTION, _IN_A_ROW = 128, 20, 24, 8  # pixels, but for the last
_WHOLE_SIDE = 640  # pixels
_LETTERS, _LONGEST_CAPTION = 14, 18
_PAPER, _INK, _LINE, _FRAME, _EMPTY = "#f7f4ee", "#2b2d31", "#a79f91", "#c2571b", "#e4dfd5"


def draw_mural_lineage(plan: MuralPlan, cells: Sequence[tuple[MuralTile, str]], store: Store) -> bytes:
    """A PNG. `cells` are the painted ones, each with its caption. Files that cannot be read are empty tiles."""
    columns = min(len(cells), _IN_A_ROW)
    rows = -(-len(cells) // _IN_A_ROW)
    whole = draw_sheet(plan, store, most_side=_WHOLE_SIDE)
    width = max(columns * (_TILE + _GAP) + _GAP, whole.width + 2 * _GAP)
    height = _TILE + _CAPTION + _GAP
    top_of_whole = rows * height + 2 * _GAP
    sheet = Image.new("RGB", (width, top_of_whole + whole.height + _GAP), _PAPER)
    brush = ImageDraw.Draw(sheet)
    left_of_cells = (width - columns * (_TILE + _GAP) + _GAP) // 2
    for number, (tile, caption) in enumerate(cells):
        row, column = divmod(number, _IN_A_ROW)
        left, top = left_of_cells + column * (_TILE + _GAP), _GAP + row * height
        picture = read_tile(tile, (_TILE, _TILE), store) or Image.new("RGB", (_TILE, _TILE), _EMPTY)
        sheet.paste(picture, (left, top))
        _write(brush, (left + _TILE // 2, top + _TILE + 4), caption)
    left = (width - whole.width) // 2
    _draw_bracket(brush, (left_of_cells, width - left_of_cells), top_of_whole - 2 * _GAP, top_of_whole)
    sheet.paste(whole, (left, top_of_whole))
    frame = (left - 4, top_of_whole - 4, left + whole.width + 3, top_of_whole + whole.height + 3)
    brush.rectangle(frame, outline=_FRAME, width=4)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _write(brush: ImageDraw.ImageDraw, place: tuple[int, int], caption: str) -> None:
    """Nothing where no font has its letters: the message names everybody as well."""
    text = shorten(caption, _LONGEST_CAPTION)
    if font := font_for(text, size=_LETTERS):
        brush.text(place, text, fill=_INK, font=font, anchor="ma")


def _draw_bracket(brush: ImageDraw.ImageDraw, sides: tuple[int, int], top: int, bottom: int) -> None:
    """From all that is above to the middle of what is below."""
    left, right = sides
    middle, height = (left + right) // 2, top + _GAP // 2
    brush.line(((left, top), (left, height), (right, height), (right, top)), fill=_LINE, width=3)
    brush.line(((middle, height), (middle, bottom)), fill=_LINE, width=3)
