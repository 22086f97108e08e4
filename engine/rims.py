"""Painting a little beyond the frame and cutting it off.

At the border of a picture the convolutions of a first stage see zeros beyond it. A large one hardly minds; a small one
shifts the colours of the last pixels, and where the picture is expanded later, that rim shows as a line.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from engine.drawings import Underdrawing


def with_rim(drawing: "Underdrawing", rim_pixels: int) -> "Underdrawing":
    """The same with `rim_pixels` more on each side, which `finish` takes off again; 0 leaves it as it is."""
    if not rim_pixels or drawing.start is None:
        return drawing
    return replace(
        drawing,
        width=drawing.width + 2 * rim_pixels,
        height=drawing.height + 2 * rim_pixels,
        start=_grow(drawing.start, rim_pixels),
        mask=None if drawing.mask is None else _grow(drawing.mask, rim_pixels),
        mixed=tuple(replace(each, picture=_grow(each.picture, rim_pixels)) for each in drawing.mixed),
        finish=_cut_first(drawing.finish, rim_pixels),
    )


def _grow(picture: Image.Image, rim_pixels: int) -> Image.Image:
    """Mirrored at its edges."""
    pads = ((rim_pixels, rim_pixels), (rim_pixels, rim_pixels), (0, 0))
    pixels = np.asarray(picture)
    return Image.fromarray(np.pad(pixels, pads[: pixels.ndim], mode="symmetric"))


def _cut_first(
    finish: Callable[[Image.Image], Image.Image], rim_pixels: int
) -> Callable[[Image.Image], Image.Image]:
    def cut(painted: Image.Image) -> Image.Image:
        box = rim_pixels, rim_pixels, painted.width - rim_pixels, painted.height - rim_pixels
        return finish(painted.crop(box))

    return cut
