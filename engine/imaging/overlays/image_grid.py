"""One picture that shows up to eight, numbered."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from engine.imaging.overlays.labels import place

MAX_TILES = 8
MAX_SIDE_PIXELS = 2048
GAP_PIXELS = 8
PAPER = (24, 24, 27)


def make_grid(pictures: Sequence[Image.Image], numbers: Sequence[int] | None = None) -> Image.Image:
    """RGB, at most 2048 px a side; tiles in reading order, each with its number in the upper left corner:
    from `numbers`, or counted from 1.

    All tiles have the size of the largest picture; others are fitted into it. A single picture is given back
    as it is, without a number.
    """
    if not 1 <= len(pictures) <= MAX_TILES:
        raise ValueError(f"a grid takes 1 to {MAX_TILES} pictures, not {len(pictures)}")
    if len(pictures) == 1:
        return pictures[0].convert("RGB")
    tile_width = max(picture.width for picture in pictures)
    tile_height = max(picture.height for picture in pictures)
    columns, rows = arrange(len(pictures), tile_width / tile_height)
    scale = min(1.0, _room(columns) / (columns * tile_width), _room(rows) / (rows * tile_height))
    tile = (max(1, round(tile_width * scale)), max(1, round(tile_height * scale)))
    paper = Image.new("RGB", (_span(columns, tile[0]), _span(rows, tile[1])), PAPER)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        at = (column * (tile[0] + GAP_PIXELS), row * (tile[1] + GAP_PIXELS))
        _lay_tile(paper, picture, at, tile, str(numbers[index] if numbers else index + 1))
    return paper


def arrange(count: int, aspect: float) -> tuple[int, int]:
    """Columns and rows for `count` tiles of this ratio of width to height: nearly square, without waste.

    Four are always 2×2, since their numbers are known by place.
    """
    if count == 4:
        return 2, 2
    choices = [(columns, math.ceil(count / columns)) for columns in range(1, count + 1)]

    def cost(choice: tuple[int, int]) -> float:
        columns, rows = choice
        return abs(math.log(aspect * columns / rows)) + 0.4 * (columns * rows - count)

    return min(choices, key=cost)


def _lay_tile(
    paper: Image.Image, picture: Image.Image, at: tuple[int, int], tile: tuple[int, int], number: str
) -> None:
    scale = min(tile[0] / picture.width, tile[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    shown = picture.convert("RGB")
    if size != shown.size:
        shown = shown.resize(size, Image.Resampling.LANCZOS)
    corner = (at[0] + (tile[0] - size[0]) // 2, at[1] + (tile[1] - size[1]) // 2)
    paper.paste(shown, corner, _corner_mask(size))
    height = max(14, min(72, round(min(tile) * 0.11)))
    gap = max(3, height // 4)
    place(paper, number, (corner[0] + gap, corner[1] + gap), height)


def _corner_mask(size: tuple[int, int]) -> Image.Image:
    """Opaque but for slightly rounded corners."""
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, size[0] - 1, size[1] - 1), radius=min(size) * 0.02, fill=255
    )
    return mask


def _room(tiles: int) -> int:
    return MAX_SIDE_PIXELS - GAP_PIXELS * (tiles - 1)


def _span(tiles: int, side: int) -> int:
    return tiles * side + (tiles - 1) * GAP_PIXELS
