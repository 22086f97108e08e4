"""What lies wholly inside a hole, and what only runs through it.

A person who marks a part of a picture and names something new for it wants what stands there gone, but not the sky
behind it. What runs on across the hole's edge without a sharp line is taken for background and stays.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Flags = npt.NDArray[np.bool_]

# Neighbouring pixels that differ by more (of 255, in any channel) lie on two sides of a line.
_LINE_STEP = 10
# Thinner than so many pixels is no thing but the edge of one.
_THIN_PIXELS = 7
_MARGIN_PIXELS = 11
# From this difference on (of 255) something new covers what was there.
_COVERS = 48


def islands(picture: Image.Image, hole: Image.Image) -> Image.Image:
    """Mode L, white on what is inside of the hole and cannot be reached from its edge without crossing a line."""
    inside = np.asarray(hole.convert("L")) > 127
    smooth = ~_lines(picture)
    reached = _flood(inside & smooth, from_outside=~inside)
    alone = Image.fromarray(np.where(inside & ~reached, 255, 0).astype(np.uint8))
    whole = alone.filter(ImageFilter.MinFilter(_THIN_PIXELS)).filter(ImageFilter.MaxFilter(_MARGIN_PIXELS))
    return Image.composite(whole, Image.new("L", hole.size, 0), hole.convert("L"))


def overlay_changes(ground: Image.Image, before: Image.Image, after: Image.Image) -> Image.Image:
    """`ground` with whatever is new in `after` against `before`; all of one size."""
    change = np.abs(np.asarray(after, np.int16) - np.asarray(before, np.int16)).max(axis=2)
    weights = np.clip(change * (255 / _COVERS), 0, 255).astype(np.uint8)
    return Image.composite(after, ground, Image.fromarray(weights))


def _lines(picture: Image.Image) -> Flags:
    calm = picture.convert("RGB").filter(ImageFilter.GaussianBlur(1))
    values = np.asarray(calm, np.int16)
    found = np.zeros(values.shape[:2], bool)
    found[:, 1:] |= np.abs(np.diff(values, axis=1)).max(axis=2) > _LINE_STEP
    found[1:] |= np.abs(np.diff(values, axis=0)).max(axis=2) > _LINE_STEP
    return found


def _flood(passable: Flags, *, from_outside: Flags) -> Flags:
    """The passable pixels that are reached from those outside, step by step to the four sides."""
    reached = from_outside.copy()
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown &= passable | from_outside
        if np.array_equal(grown, reached):
            return reached
        reached = grown
