"""A canvas that is too large to be painted at once: windows over it, in an order in which each sees its neighbours."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.imaging.canvas.infill import Floats, near, spread
from engine.imaging.canvas.outpaint_canvas import shift_colours
from engine.imaging.masks.masks import overlay
from studio.domain.sizing.canvases import Box

# Shares of a window's side: what neighbours share of it, and over how much of that they fade into each other.
OVERLAP_SHARE, FADE_SHARE = 3 / 8, 1 / 8
# Next to the original, over so many pixels the window fades in.
SEAM_PIXELS = 8
# Painted colours may be off by so much; what differs more is another thing.
_MOST_SHIFT = 32.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`box` is what the model sees of the canvas; `weights` (mode L, of its size) how much of its answer is used."""

    number: int
    box: Box
    weights: Image.Image

    @property
    def hole(self) -> Image.Image:
        """Where the model may paint; grey where it begins late."""
        return self.weights


class Windows:
    """Paints over `picture` everywhere but in the box `frame`, window by window.

    What is used of the windows of one round does not overlap, so they may be painted side by side. Those of
    later rounds see what earlier ones painted and fade into it. At no time is there more than the canvas and one
    window in floats.
    """

    def __init__(self, picture: Image.Image, frame: Box, *, window_pixels: int) -> None:
        self.picture = picture
        self._original = picture.crop(frame)
        self._frame = frame
        self._across, self._down = (_plan(side, window_pixels) for side in picture.size)
        self._fade = max(2, round(window_pixels * FADE_SHARE))

    @property
    def count(self) -> int:
        return sum(len(windows) for windows in self.rounds())

    def rounds(self) -> Iterator[list[Window]]:
        """Even columns and rows first, then those between, at last those that have neighbours on all sides."""
        for odd_row, odd_column in ((0, 0), (0, 1), (1, 0), (1, 1)):
            windows = [
                window
                for row in range(odd_row, len(self._down), 2)
                for column in range(odd_column, len(self._across), 2)
                if (window := self._window(column, row)) is not None
            ]
            if windows:
                yield windows

    def look(self, window: Window) -> Image.Image:
        """What the model starts from."""
        return self.picture.crop(window.box)

    def paste(self, window: Window, painted: Image.Image) -> None:
        """`painted` has the window's size."""
        here = self.look(window)
        matched = _match(here, painted, window.hole)
        self.picture.paste(overlay(here, matched, window.weights), window.box[:2])
        self.picture.paste(self._original, self._frame[:2])

    def _window(self, column: int, row: int) -> Window | None:
        """None where everything is kept."""
        (left, right), (top, bottom) = self._across[column], self._down[row]
        across = _weights(self._across, column, self._fade)
        down = _weights(self._down, row, self._fade)
        outside = self._distance(left, right, axis=0)[None, :], self._distance(top, bottom, axis=1)[:, None]
        seam = np.clip(np.maximum(*outside) / SEAM_PIXELS, 0, 1)
        weights = np.rint(255 * seam * across[None, :] * down[:, None]).astype(np.uint8)
        if not weights.any():
            return None
        number = row * len(self._across) + column
        return Window(number=number, box=(left, top, right, bottom), weights=Image.fromarray(weights))

    def _distance(self, start: int, stop: int, *, axis: int) -> Floats:
        """Pixels from the kept box along one axis; 0 inside."""
        first, last = self._frame[axis], self._frame[axis + 2] - 1
        place = np.arange(start, stop, dtype=np.float32)
        return np.maximum(np.maximum(first - place, place - last), 0)


def _plan(length: int, window_pixels: int) -> list[tuple[int, int]]:
    """Starts and stops of windows of one length, evenly spread, neighbours sharing at least the overlap."""
    if length <= window_pixels:
        return [(0, length)]
    overlap = round(window_pixels * OVERLAP_SHARE)
    count = max(2, -(-(length - overlap) // (window_pixels - overlap)))
    starts = [round(index * (length - window_pixels) / (count - 1)) for index in range(count)]
    return [(start, start + window_pixels) for start in starts]


def _weights(spans: list[tuple[int, int]], index: int, fade: int) -> Floats:
    """How much of a window is used along one axis: up to the middle of the overlap, and half a fade beyond.

    Odd windows come later and fade into their neighbours; even ones are there first and just end.
    """
    start, stop = spans[index]
    place = np.arange(start, stop, dtype=np.float32) + 0.5
    weights = np.ones(stop - start, np.float32)
    edges = []
    if index:
        edges.append(((start + spans[index - 1][1]) / 2, 1))
    if index + 1 < len(spans):
        edges.append(((stop + spans[index + 1][0]) / 2, -1))
    for middle, direction in edges:
        inside = (place - middle) * direction + fade / 2
        weights *= np.clip(inside / fade, 0, 1) if index % 2 else (inside >= 0)
    return weights


def _match(here: Image.Image, painted: Image.Image, hole: Image.Image) -> Image.Image:
    """`painted` with the colours that the canvas has around the hole."""
    unknown = np.asarray(hole) > 0
    if unknown.all():
        return painted
    band = near(unknown)
    wanted, got = (np.asarray(picture.convert("RGB"), np.float32) for picture in (here, painted))
    shift = spread((wanted - got) * band[..., None], band).clip(-_MOST_SHIFT, _MOST_SHIFT)
    return shift_colours(painted, shift, blur_pixels=max(4.0, min(here.size) / 24))
