"""The largest free rectangle of a mask."""

import numpy as np

from engine.layout_prior.layout.boxes import Box


def largest_free_box(mask: np.ndarray, *, cells: int = 48) -> Box:
    """The largest rectangle of a mask (height, width; True is free) that is free all over, to a grid of `cells`.

    Falls back on the bounding box where the free part is too thin for the grid, and on the whole without any.
    """
    height, width = mask.shape
    rows, columns = min(cells, height), min(cells, width)
    ys, xs = np.linspace(0, height, rows + 1).astype(int), np.linspace(0, width, columns + 1).astype(int)
    sums = np.pad(mask.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = (
        sums[ys[1:], :][:, xs[1:]]
        - sums[ys[:-1], :][:, xs[1:]]
        - sums[ys[1:], :][:, xs[:-1]]
        + sums[ys[:-1], :][:, xs[:-1]]
    )
    free = inside >= 0.98 * np.outer(np.diff(ys), np.diff(xs))
    best, found = 0.0, None
    tall = np.zeros(columns, int)
    # Of every pair of a left column (down) and a right one (across).
    widths = np.arange(columns)[None, :] - np.arange(columns)[:, None] + 1
    backwards = widths < 1
    for row in range(rows):
        tall = np.where(free[row], tall + 1, 0)
        heights = np.minimum.accumulate(np.where(backwards, rows, tall), axis=1)
        areas = np.where(backwards, 0, _goodness(heights * height / rows, widths * width / columns))
        left, right = divmod(int(areas.argmax()), columns)
        if areas[left, right] > best:
            best = float(areas[left, right])
            found = (row - int(heights[left, right]) + 1, row + 1, left, right + 1)
    if found is not None:
        top, bottom, left, right = ys[found[0]], ys[found[1]], xs[found[2]], xs[found[3]]
        return Box(float(left), float(top), float(right - left), float(bottom - top))
    if not mask.any():
        return Box(0, 0, width, height)
    marked_rows, marked_columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = marked_rows[0], marked_columns[0]
    return Box(
        float(left), float(top), float(marked_columns[-1] - left + 1), float(marked_rows[-1] - top + 1)
    )


def _goodness(heights: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Areas, but a long strip counts little more than the square in it."""
    short, long = np.minimum(heights, widths), np.maximum(heights, widths)
    counted: np.ndarray = short * np.minimum(long, 2.5 * short)
    return counted
