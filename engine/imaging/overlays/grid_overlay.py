"""The picture with the lettered grid on it, for choosing a region."""

from collections.abc import Collection

from PIL import Image, ImageChops, ImageDraw

from engine.imaging.masks.grid_masks import mask_of_cells
from engine.imaging.overlays.labels import place
from studio.parsing.grid_regions import ALL_CELLS, cell_box

SHOWN_SIDE_PIXELS = 768
# Colour, width in pixels, opacity of 255; painted in this order.
LINES = (("black", 8, 30), ("black", 6, 45), ("black", 4, 70), ("white", 2, 200))
OTHERS_LIGHT = 0.55


def lettered_overlay(picture: Image.Image, chosen: Collection[str] = ()) -> Image.Image:
    """RGB, longer side 768 px, with cells A1–D4; when cells are `chosen` the others are darkened."""
    scale = SHOWN_SIDE_PIXELS / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    shown = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    if chosen:
        dimmed = shown.point(lambda value: round(value * OTHERS_LIGHT))
        shown.paste(dimmed, mask=ImageChops.invert(mask_of_cells(chosen, size)))
    _draw_lines(shown)
    _draw_labels(shown)
    return shown


def _draw_lines(shown: Image.Image) -> None:
    """Light lines on a dark shadow that fades sideways, seen on white and on black."""
    for colour, width, opacity in LINES:
        strokes = Image.new("L", shown.size, 0)
        draw = ImageDraw.Draw(strokes)
        for part in (1, 2, 3):
            across, down = shown.width * part // 4, shown.height * part // 4
            draw.line((across, 0, across, shown.height), fill=opacity, width=width)
            draw.line((0, down, shown.width, down), fill=opacity, width=width)
        shown.paste(colour, mask=strokes)


def _draw_labels(shown: Image.Image) -> None:
    short = min(shown.size) // 4
    height = max(14, min(34, round(short * 0.26)))
    gap = max(3, height // 4)
    for cell in ALL_CELLS:
        left, top, _, _ = cell_box(cell, *shown.size)
        place(shown, cell, (left + gap, top + gap), height)
