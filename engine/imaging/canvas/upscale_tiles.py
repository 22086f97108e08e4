"""A picture enlarged tile by tile, without seams and without holding more than a strip of it in floats."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One tile along one axis, in pixels of the source.

    `read` is what the model sees, `write` the part of its answer that is used. The `write` parts of
    neighbours overlap by the fade; `fades` says whether this one fades in and out.
    """

    read: tuple[int, int]
    write: tuple[int, int]
    fades: tuple[bool, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    across: Span
    down: Span


def plan_spans(length: int, *, tile_pixels: int, context_pixels: int, fade_pixels: int) -> list[Span]:
    """Spans of one common `read` length, at most `tile_pixels`, that cover `length`.

    Inside the picture each span sees at least `context_pixels` more than it writes. `fade_pixels` is even.
    """
    if length <= tile_pixels:
        return [Span(read=(0, length), write=(0, length), fades=(False, False))]
    rim = context_pixels + fade_pixels // 2 + 1
    if tile_pixels < 2 * rim + fade_pixels:
        raise ValueError(f"tiles of {tile_pixels} pixels are too small for margins of {rim} pixels")
    count = 2
    # Two tiles have a rim on one side each, those between have one on both.
    while (size := math.ceil(length / count) + (rim if count == 2 else 2 * rim)) > tile_pixels:
        count += 1
    edges = [round(index * length / count) for index in range(count + 1)]
    return [_span(*edge, length, min(size, length), fade_pixels // 2) for edge in pairwise(edges)]


def _span(start: int, stop: int, length: int, size: int, half_fade: int) -> Span:
    fades = (start > 0, stop < length)
    write = (start - half_fade * fades[0], stop + half_fade * fades[1])
    first = max(0, min((write[0] + write[1] - size) // 2, length - size))
    return Span(read=(first, first + size), write=write, fades=fades)


class TiledUpscale:
    """One picture on its way: hand `read(tile)` to a model and its answer to `paste`, tile by tile, in order.

    Several pictures may be on their way at once, so tiles of many people can share a batch.
    """

    def __init__(
        self, picture: Image.Image, *, scale: int, tile_pixels: int, context_pixels: int, fade_pixels: int = 8
    ) -> None:
        self._pixels = np.asarray(picture.convert("RGB"))
        self._scale = scale
        self._fade = fade_pixels * scale
        height, width, _ = self._pixels.shape
        across, down = (
            plan_spans(side, tile_pixels=tile_pixels, context_pixels=context_pixels, fade_pixels=fade_pixels)
            for side in (width, height)
        )
        self.tiles = [Tile(across=column, down=row) for row in down for column in across]
        self._result = Image.new("RGB", (width * scale, height * scale))
        self._strip: Floats = np.zeros((0, 0, 3), np.float32)
        self._carried: Floats | None = None

    def read(self, tile: Tile) -> Floats:
        """(3, h, w) in [0, 1]."""
        part = self._pixels[slice(*tile.down.read), slice(*tile.across.read)]
        return np.ascontiguousarray(part.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)

    def paste(self, tile: Tile, answer: Floats) -> None:
        """`answer` is (3, h·scale, w·scale) for what `read` gave; values outside [0, 1] are clipped."""
        if tile.across.write[0] == 0:
            rows = (tile.down.write[1] - tile.down.write[0]) * self._scale
            self._strip = np.zeros((rows, self._result.width, 3), np.float32)
        used = answer[:, self._used_slice(tile.down), self._used_slice(tile.across)].transpose(1, 2, 0)
        left, right = (edge * self._scale for edge in tile.across.write)
        self._strip[:, left:right] += used.clip(0, 1) * self._weights(tile.across)[None, :, None]
        if tile is self.tiles[-1] or not tile.across.fades[1]:
            self._settle(tile.down)

    @property
    def result(self) -> Image.Image:
        """RGB; whole once every tile is laid."""
        return self._result

    def _settle(self, row: Span) -> None:
        """Blend a finished strip with the one above and keep its lower edge for the one below."""
        # in place: a strip of 4096 pixels' width takes 50 MB, and several people's may be here
        strip, self._strip = self._strip, np.zeros((0, 0, 3), np.float32)
        strip *= self._weights(row)[:, None, None]
        if self._carried is not None:
            strip[: self._fade] += self._carried
        done = len(strip) - (self._fade if row.fades[1] else 0)
        self._carried = strip[done:].copy() if row.fades[1] else None
        ready = strip[:done]
        ready.clip(0, 1, out=ready)
        ready *= 255
        pixels = np.rint(ready, out=ready).astype(np.uint8)
        self._result.paste(Image.fromarray(pixels), (0, row.write[0] * self._scale))

    def _used_slice(self, span: Span) -> slice:
        return slice(
            (span.write[0] - span.read[0]) * self._scale, (span.write[1] - span.read[0]) * self._scale
        )

    def _weights(self, span: Span) -> Floats:
        """Ramps over the fades; those of two neighbours add up to one."""
        weights = np.ones((span.write[1] - span.write[0]) * self._scale, np.float32)
        ramp = ((np.arange(self._fade) + 0.5) / max(self._fade, 1)).astype(np.float32)
        if span.fades[0]:
            weights[: self._fade] *= ramp
        if span.fades[1] and self._fade:
            weights[-self._fade :] *= ramp[::-1]
        return weights
