"""Cells of the lettered grid as pixels."""

from collections.abc import Iterable

from PIL import Image

from studio.parsing.grid_regions import cell_box


def mask_of_cells(cells: Iterable[str], size: tuple[int, int]) -> Image.Image:
    """L-mode picture of `size` (width, height): 255 inside the cells, 0 outside. Raises `BadParameterError`."""
    width, height = size
    mask = Image.new("L", size, 0)
    for cell in cells:
        mask.paste(255, cell_box(cell, width, height))
    return mask
