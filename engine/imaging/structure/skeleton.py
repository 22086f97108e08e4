"""People as skeletons, in the colours with which ControlNets for pose were trained (OpenPose, arXiv:1812.08008)."""

import colorsys
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Points = NDArray[np.float32]  # (17, 3): x, y and a score, in the order of COCO

_LEAST_SCORE = 0.3
# OpenPose's 18 points by those of COCO; the neck, its second one, lies between the shoulders.
_FROM_COCO = (0, -1, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
_SHOULDERS = (5, 6)
_LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10)),
    *((1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
_COLOURS = [tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue / 18, 1.0, 1.0)) for hue in range(18)]
_LIMB_SHARE = 0.6  # of full brightness
_WIDTH_SHARE = 1 / 128  # of the shorter side


def draw_skeletons(people: Sequence[Points], size: tuple[int, int]) -> Image.Image:
    """RGB of `size`, width and height in pixels."""
    sheet = Image.new("RGB", size)
    brush = ImageDraw.Draw(sheet)
    width = max(2, round(min(size) * _WIDTH_SHARE))
    for person in people:
        points = [_point(person, place) for place in range(len(_FROM_COCO))]
        for number, (start, end) in enumerate(_LIMBS):
            first, second = points[start], points[end]
            if first and second:
                colour = tuple(round(part * _LIMB_SHARE) for part in _COLOURS[number])
                brush.line((first, second), fill=colour, width=2 * width)
        for number, point in enumerate(points):
            if point:
                left, top = point[0] - width, point[1] - width
                brush.ellipse((left, top, point[0] + width, point[1] + width), fill=_COLOURS[number])
    return sheet


def _point(person: Points, place: int) -> tuple[float, float] | None:
    """Where it lies; None where it is not seen."""
    source = _FROM_COCO[place]
    seen = person[list(_SHOULDERS)] if source < 0 else person[[source]]
    if (seen[:, 2] < _LEAST_SCORE).any():
        return None
    x, y = (float(value) for value in seen[:, :2].mean(axis=0))
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None
