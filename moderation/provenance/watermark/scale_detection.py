"""How large a mark's tiles are in a picture that was resized by an unknown factor: by where it repeats itself."""

import numpy as np
from numpy.typing import NDArray

from moderation.provenance.watermark.convolutional_code import Floats
from moderation.provenance.watermark.patterns import SIDE

_SHORTEST, _LONGEST = SIDE // 2, 2 * SIDE  # pixels
_STEP = 0.25
_REPEATS = (1, 2)
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
_EDGE_PIXELS = 8  # what overlaps by less says nothing

Doubles = NDArray[np.float64]


def likely_periods(equalized: Floats, most: int) -> list[float]:
    """Periods in pixels, likeliest first, of a canvas of which only the mark's frequencies are left."""
    height, width = equalized.shape
    waves = np.fft.rfft2(equalized, (2 * height, 2 * width))
    likeness: Doubles = np.fft.irfft2(np.abs(waves) ** 2, (2 * height, 2 * width)).astype(np.float64)
    reach = min(height, width) - _EDGE_PIXELS
    periods = np.arange(_SHORTEST, min(_LONGEST, reach), _STEP)
    heights = np.zeros_like(periods)
    for repeat in _REPEATS:
        shift = periods * repeat
        for down, across in _DIRECTIONS:
            heights += np.where(shift < reach, _between(likeness, shift * down, shift * across), 0)
    return _peaks(periods, heights, most)


def _between(values: Doubles, down: Doubles, across: Doubles) -> Doubles:
    """Values at places between the pixels, which go round at the edges."""
    row, column = np.floor(down).astype(int), np.floor(across).astype(int)
    below, right = down - row, across - column
    row, column = row % values.shape[0], column % values.shape[1]
    next_row, next_column = (row + 1) % values.shape[0], (column + 1) % values.shape[1]
    upper = values[row, column] * (1 - right) + values[row, next_column] * right
    lower = values[next_row, column] * (1 - right) + values[next_row, next_column] * right
    found: Doubles = upper * (1 - below) + lower * below
    return found


def _peaks(periods: Doubles, heights: Doubles, most: int) -> list[float]:
    """The highest, each further from the others than the width of a peak."""
    left, found = heights.copy(), []
    for _ in range(min(most, left.size)):
        top = int(left.argmax())
        found.append(float(periods[top]))
        left[max(0, top - 6) : top + 7] = -np.inf
    return found
