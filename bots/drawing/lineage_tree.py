"""The family tree of a picture, drawn: parents above their children, each with the name of its maker."""

import io
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from bots.drawing.fonts import Font, font_for
from bots.drawing.generations import find_generations
from bots.texts.shortening import shorten
from studio.commands.results import Family, Relative
from studio.errors import NotFoundError, StorageError
from studio.ports import Store

_TILE = 128
_GAP = 28
_LABEL = 26
_IN_A_ROW = 8
_LETTERS, _LONGEST_NAME = 15, 16
_PAPER, _INK, _LINE, _FRAME, _EMPTY = "#f7f4ee", "#2b2d31", "#a79f91", "#c2571b", "#e4dfd5"

Place = tuple[int, int]  # left and top of a tile, in pixels


def draw_family(family: Family, store: Store) -> bytes:
    """A PNG. Pictures whose files are gone, or that a moderator hid, are empty tiles.

    The picture asked for has a coloured frame.
    """
    rows = _rows(family.relatives)
    places, size = _places(rows)
    sheet = Image.new("RGB", size, _PAPER)
    brush = ImageDraw.Draw(sheet)
    for relative in family.relatives:
        for parent in relative.parents:
            _draw_line(brush, places[parent], places[relative.picture.id])
    for relative in family.relatives:
        _draw_tile(sheet, brush, relative, places[relative.picture.id], store)
    left, top = places[family.picture_id]
    brush.rectangle((left - 4, top - 4, left + _TILE + 3, top + _TILE + 3), outline=_FRAME, width=4)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _rows(relatives: Sequence[Relative]) -> list[list[str]]:
    """Picture ids by generation, wide generations broken into several rows. Parents come first."""
    rows = []
    for generation in find_generations(relatives):
        members = [relative.picture.id for relative in generation]
        rows += [members[start : start + _IN_A_ROW] for start in range(0, len(members), _IN_A_ROW)]
    return rows


def _places(rows: Sequence[Sequence[str]]) -> tuple[Mapping[str, Place], tuple[int, int]]:
    """Each row is centred."""
    step, height = _TILE + _GAP, _TILE + _LABEL + _GAP
    width = max(len(row) for row in rows) * step + _GAP
    places = {
        picture: ((width - len(row) * step + _GAP) // 2 + column * step, _GAP + number * height)
        for number, row in enumerate(rows)
        for column, picture in enumerate(row)
    }
    return places, (width, len(rows) * height + _GAP)


def _draw_line(brush: ImageDraw.ImageDraw, parent: Place, child: Place) -> None:
    start = (parent[0] + _TILE // 2, parent[1] + _TILE + _LABEL)
    end = (child[0] + _TILE // 2, child[1])
    middle = end[1] - _GAP // 2
    brush.line((start, (start[0], middle), (end[0], middle), end), fill=_LINE, width=3, joint="curve")


def _draw_tile(
    sheet: Image.Image, brush: ImageDraw.ImageDraw, relative: Relative, place: Place, store: Store
) -> None:
    hidden = relative.picture.deleted or relative.spoiler
    picture = None if hidden else _thumbnail(relative.picture.thumbnail_key, store)
    if picture is None:
        picture = Image.new("RGB", (_TILE, _TILE), _EMPTY)
    left, top = place
    sheet.paste(picture, (left + (_TILE - picture.width) // 2, top + (_TILE - picture.height) // 2))
    name, font = _label(relative)
    brush.text((left + _TILE // 2, top + _TILE + 5), name, fill=_INK, font=font, anchor="ma")


def _label(relative: Relative) -> tuple[str, Font | None]:
    """The maker's name where a font has its letters; else the picture's id, under which the message names them."""
    name = shorten(relative.person.display_name, _LONGEST_NAME)
    font = font_for(name, size=_LETTERS)
    if font is not None:
        return name, font
    return relative.picture.id, font_for(relative.picture.id, size=_LETTERS)


def _thumbnail(key: str, store: Store) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(store.get(key))) as image:
            picture = image.convert("RGB")
    except (NotFoundError, StorageError, OSError):
        return None
    picture.thumbnail((_TILE, _TILE))
    return picture
