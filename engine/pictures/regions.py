"""Cells of the lettered grid as pixels."""

from collections.abc import Iterable

from PIL import Image

from studio.errors import BadParameter
from studio.regions import COLUMNS, ROWS, is_cell


def mask_of_cells(cells: Iterable[str], size: tuple[int, int]) -> Image.Image:
    """L-mode picture of `size` (width, height): 255 inside the cells, 0 outside. Raises `BadParameter`."""
    width, height = size
    mask = Image.new("L", size, 0)
    for cell in cells:
        mask.paste(255, cell_box(cell, width, height))
    return mask


def cell_box(cell: str, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in pixels; neighbours share their edges, so no pixel is left out."""
    if not is_cell(cell):
        raise BadParameter("region", f"there is no cell {cell[:8]}; the grid goes from A1 to D4.")
    column, row = COLUMNS.index(cell[0]), ROWS.index(cell[1])
    return (
        column * width // 4,
        row * height // 4,
        (column + 1) * width // 4,
        (row + 1) * height // 4,
    )
