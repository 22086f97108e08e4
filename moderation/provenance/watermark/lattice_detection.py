"""How large a mark's tiles are and how they are turned, in a picture that was resized, turned or mirrored.

The tiles repeat, so the picture's autocorrelation is high at the corners of a square lattice. A mirror image has the
lattice of the picture, turned the other way.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.provenance.watermark.convolutional_code import Floats
from moderation.provenance.watermark.patterns import SIDE

MOST_DEGREES = 2.2
_SHORTEST, _LONGEST = SIDE // 2, 2 * SIDE  # pixels
_STEP = 0.25
_DEGREES_STEP = 0.05
_COARSE_STEP, _COARSE_DEGREES = 0.5, 0.2
_REPEATS = (1, 2)
_TURNED_REPEATS = 5  # a small angle shows far away only
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
_EDGE_PIXELS = 8  # what overlaps by less says nothing
_LEAST_OVERLAP = 0.15  # of the area, for lattice points of a turned lattice

Doubles = NDArray[np.float64]
LookUp = Callable[[Floats, Doubles, Doubles], Doubles]


@dataclass(frozen=True, slots=True)
class Lattice:
    """`period` in pixels; `degrees` clockwise, as the picture was turned."""

    period: float
    degrees: float = 0.0


def autocorrelation(equalized: Floats) -> Floats:
    """Of a canvas of which only the mark's frequencies are left: twice its height and width, shifts modulo these."""
    shape = tuple(2 * side for side in equalized.shape)
    waves = np.fft.rfft2(equalized, shape)
    return np.fft.irfft2(np.abs(waves) ** 2, shape).astype(np.float32)


def likely_periods(correlation: Floats, most: int) -> list[Lattice]:
    """Lattices that are not turned, likeliest first."""
    height, width = (side // 2 for side in correlation.shape)
    reach = min(height, width) - _EDGE_PIXELS
    periods = np.arange(_SHORTEST, min(_LONGEST, reach), _STEP)
    heights = np.zeros_like(periods)
    for repeat in _REPEATS:
        shift = periods * repeat
        for down, across in _DIRECTIONS:
            heights += np.where(shift < reach, _between(correlation, shift * down, shift * across), 0)
    tops = _peaks(heights[:, None], most, (6, 0))
    return [Lattice(float(periods[row])) for row, _ in tops]


def likely_turns(correlation: Floats, most: int) -> list[Lattice]:
    """Lattices that are turned by at most `MOST_DEGREES`, likeliest first: on a coarse grid, then closer."""
    reach = min(correlation.shape) // 2 - _EDGE_PIXELS
    periods = np.arange(_SHORTEST, min(_LONGEST, reach), _COARSE_STEP)
    degrees = np.arange(-MOST_DEGREES, MOST_DEGREES + _COARSE_DEGREES / 2, _COARSE_DEGREES)
    coarse = _lattice_heights(_smooth(correlation), periods, degrees, _nearest)
    found = []
    for row, column in _peaks(coarse, most, (3, 2)):
        near_periods = periods[row] + np.arange(-_COARSE_STEP, _COARSE_STEP + 0.01, _STEP / 2)
        near_degrees = degrees[column] + np.arange(-_COARSE_DEGREES, _COARSE_DEGREES + 0.01, _DEGREES_STEP)
        heights = _lattice_heights(correlation, near_periods, near_degrees, _between)
        best, turned = divmod(int(heights.argmax()), near_degrees.size)
        found.append(Lattice(float(near_periods[best]), float(near_degrees[turned])))
    return found


def _lattice_heights(values: Floats, periods: Doubles, degrees: Doubles, look_up: LookUp) -> Doubles:
    """How high the correlation is at the corners of each lattice, in units of its noise: periods×degrees."""
    height, width = (side // 2 for side in values.shape)
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    heights, overlaps = np.zeros((periods.size, degrees.size)), np.zeros((periods.size, 1))
    for down, across in _half_plane(_TURNED_REPEATS):
        overlap = (1 - periods * down / height).clip(0) * (1 - periods * abs(across) / width).clip(0)
        inside = overlap > _LEAST_OVERLAP
        if not inside.any():
            continue
        turned_down = periods[inside, None] * (down * cosine + across * sine)
        turned_across = periods[inside, None] * (across * cosine - down * sine)
        heights[inside] += look_up(values, turned_down, turned_across)
        overlaps[inside, 0] += overlap[inside]
    # The noise of a correlation grows with the root of what overlaps.
    weighted: Doubles = heights / np.sqrt(np.maximum(overlaps, 1e-6))
    return weighted


def _smooth(values: Floats) -> Floats:
    """The mean of each place and its eight neighbours, so that a coarse grid misses no peak."""
    across = values + np.roll(values, 1, 1) + np.roll(values, -1, 1)
    return across + np.roll(across, 1, 0) + np.roll(across, -1, 0)


def _nearest(values: Floats, down: Doubles, across: Doubles) -> Doubles:
    row, column = np.rint(down).astype(np.intp), np.rint(across).astype(np.intp)
    found: Doubles = values[row % values.shape[0], column % values.shape[1]].astype(np.float64)
    return found


def _half_plane(repeats: int) -> list[tuple[int, int]]:
    """Of every two opposite points of a lattice, one."""
    return [
        (down, across)
        for down in range(repeats + 1)
        for across in range(-repeats, repeats + 1)
        if down > 0 or across > 0
    ]


def _between(values: Floats, down: Doubles, across: Doubles) -> Doubles:
    """Values at places between the pixels, which go round at the edges."""
    row, column = np.floor(down).astype(int), np.floor(across).astype(int)
    below, right = down - row, across - column
    row, column = row % values.shape[0], column % values.shape[1]
    next_row, next_column = (row + 1) % values.shape[0], (column + 1) % values.shape[1]
    upper = values[row, column] * (1 - right) + values[row, next_column] * right
    lower = values[next_row, column] * (1 - right) + values[next_row, next_column] * right
    found: Doubles = upper * (1 - below) + lower * below
    return found


def _peaks(heights: Doubles, most: int, width: tuple[int, int]) -> list[tuple[int, int]]:
    """The highest places of a table, each further from the others than the `width` of a peak."""
    left, found = heights.copy(), []
    for _ in range(min(most, left.size)):
        row, column = divmod(int(left.argmax()), left.shape[1])
        found.append((row, column))
        rows = slice(max(0, row - width[0]), row + width[0] + 1)
        left[rows, max(0, column - width[1]) : column + width[1] + 1] = -np.inf
    return found
