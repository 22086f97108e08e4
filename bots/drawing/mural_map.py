"""A mural drawn tile by tile: its map, its story as an animation, and the whole in full size. Memory stays bounded."""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from bots.drawing.fonts import font_for
from studio.errors import NotFoundError, StorageError
from studio.ports import Store

_COARSE = 8  # tiles across a picture that shows no details
_PAPER, _OPEN, _CLOSED, _INK, _LINE = "#f7f4ee", "#fffdf8", "#e4dfd5", "#2b2d31", "#c9c2b5"
_STORY_SIDES = (640, 480, 360, 240, 160)  # pixels of the longer side, the largest that fits is taken
_FRAME_MS, _LAST_MS = 450, 4000
_COMPRESSION = 4  # of zlib: the whole picture is written while somebody waits


@dataclass(frozen=True, slots=True, kw_only=True)
class MuralTile:
    """`key` is a picture's storage key; None: nothing is painted there, and `label` stands in its place.

    `column` and `row` are counted from 0. `pixelated`: it is shown without details.
    """

    column: int
    row: int
    key: str | None = None
    label: str = ""
    is_open: bool = False
    pixelated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MuralPlan:
    """`cell` is the size of a cell in pixels."""

    columns: int
    rows: int
    cell: tuple[int, int]
    tiles: Sequence[MuralTile]

    def scaled_cell(self, most_side: int) -> tuple[int, int]:
        """The size of a cell where the whole has at most `most_side` pixels a side."""
        width, height = self.cell
        scale = min(1.0, most_side / (width * self.columns), most_side / (height * self.rows))
        return max(1, int(width * scale)), max(1, int(height * scale))


def draw_map(plan: MuralPlan, store: Store, *, most_side: int) -> bytes:
    """A PNG. Cells that are not painted show their names; files that cannot be read are empty."""
    file = io.BytesIO()
    draw_sheet(plan, store, most_side=most_side).save(file, "PNG")
    return file.getvalue()


def draw_sheet(plan: MuralPlan, store: Store, *, most_side: int) -> Image.Image:
    """All cells in their places, at most so many pixels a side."""
    cell = plan.scaled_cell(most_side)
    sheet = _blank_sheet(plan, cell)
    for tile in plan.tiles:
        _draw_tile(sheet, tile, cell, store)
    return sheet


def draw_story(
    plan: MuralPlan, painted: Sequence[MuralTile], store: Store, *, limit_bytes: int
) -> bytes | None:
    """An animated GIF in which the cells of `painted` appear in their order; None where even a small one is too large.

    GIF, since every chat plays it.
    """
    # A small mural is as large at several of these sides.
    for cell in dict.fromkeys(plan.scaled_cell(most_side) for most_side in _STORY_SIDES):
        frames = _story_frames(plan, painted, cell, store)
        file = io.BytesIO()
        lasts = [_FRAME_MS] * len(painted) + [_LAST_MS]
        next(frames).save(file, "GIF", save_all=True, append_images=frames, duration=lasts, loop=0)
        if file.tell() <= limit_bytes:
            return file.getvalue()
    return None


def _story_frames(
    plan: MuralPlan, painted: Sequence[MuralTile], cell: tuple[int, int], store: Store
) -> Iterator[Image.Image]:
    sheet = _blank_sheet(plan, cell)
    yield sheet.quantize(256)
    for tile in painted:
        _draw_tile(sheet, tile, cell, store)
        yield sheet.quantize(256)


def stream_whole(plan: MuralPlan, store: Store) -> Iterator[bytes]:
    """A PNG in full size, in pieces; no more than one row of cells is in memory."""
    width, height = plan.columns * plan.cell[0], plan.rows * plan.cell[1]
    yield b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    packer = zlib.compressobj(_COMPRESSION)
    for row in range(plan.rows):
        band = Image.new("RGB", (width, plan.cell[1]), _PAPER)
        for tile in plan.tiles:
            if tile.row == row and (picture := read_tile(tile, plan.cell, store)):
                band.paste(picture, (tile.column * plan.cell[0], 0))
        packed = packer.compress(_scanlines(band))
        if packed:
            yield _chunk(b"IDAT", packed)
    yield _chunk(b"IDAT", packer.flush()) + _chunk(b"IEND", b"")


def _scanlines(band: Image.Image) -> bytes:
    """Each row of pixels behind a byte for its filter, which is none (PNG specification, 9.2)."""
    pixels, length = band.tobytes(), band.width * 3
    return b"".join(b"\0" + pixels[start : start + length] for start in range(0, len(pixels), length))


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def _blank_sheet(plan: MuralPlan, cell: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", (plan.columns * cell[0], plan.rows * cell[1]), _PAPER)


def _draw_tile(sheet: Image.Image, tile: MuralTile, cell: tuple[int, int], store: Store) -> None:
    left, top = tile.column * cell[0], tile.row * cell[1]
    if picture := read_tile(tile, cell, store):
        sheet.paste(picture, (left, top))
        return
    brush = ImageDraw.Draw(sheet)
    box = (left, top, left + cell[0] - 1, top + cell[1] - 1)
    brush.rectangle(box, fill=_OPEN if tile.is_open else _CLOSED, outline=_LINE)
    font = font_for(tile.label, size=max(10, min(cell) // 4))
    if tile.label and font is not None:
        middle = left + cell[0] // 2, top + cell[1] // 2
        brush.text(middle, tile.label, fill=_INK, font=font, anchor="mm")


def read_tile(tile: MuralTile, cell: tuple[int, int], store: Store) -> Image.Image | None:
    """A picture of that size; None where nothing is painted, or its file cannot be read."""
    if tile.key is None:
        return None
    try:
        with Image.open(io.BytesIO(store.get(tile.key))) as image:
            picture = ImageOps.fit(image.convert("RGB"), cell)
    except (NotFoundError, StorageError, OSError):
        return None
    if tile.pixelated:
        coarse = picture.resize((_COARSE, _COARSE), Image.Resampling.BOX)
        return coarse.resize(cell, Image.Resampling.NEAREST)
    return picture
