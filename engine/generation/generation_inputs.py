"""What a picture is painted over, and how large it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from engine.batching.sampling_params import ControlMap, WeightedImage
from engine.catalog.geometry import Layout
from engine.imaging.canvas.windows import Window, Windows
from engine.imaging.masks.masks import whitest

# More windows at once would only take more memory.
MOST_AT_ONCE = 8
# What is where was settled in the whole; a window adds what the whole was too small for.
STRENGTH = 0.4
RESIZE = Image.Resampling.LANCZOS


def _as_it_is(painted: Image.Image) -> Image.Image:
    return painted


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationInputs:
    """`start`, `mask` and `mixed` are `width` × `height`; see `SamplingParams` for what they mean.

    `noise_size`: the size of the picture of which this is a draft, where it is another one; see `SamplingParams`.
    `finish` turns what was painted into what the person gets, or into the whole that `detail` goes on from.
    """

    width: int
    height: int
    strength: float = 1.0
    start: Image.Image | None = field(default=None, repr=False)
    mask: Image.Image | None = field(default=None, repr=False)
    mixed: tuple[WeightedImage, ...] = field(default=(), repr=False)
    likeness: tuple[WeightedImage, ...] = field(default=(), repr=False)
    styles: tuple[WeightedImage, ...] = field(default=(), repr=False)
    references: tuple[Image.Image, ...] = field(default=(), repr=False)
    noise_size: tuple[int, int] | None = None
    controls: tuple[ControlMap, ...] = ()
    finish: Callable[[Image.Image], Image.Image] = field(default=_as_it_is, repr=False)
    detail: "TiledRefinement | None" = field(default=None, repr=False)


def with_overscan(drawing: GenerationInputs, rim_pixels: int) -> GenerationInputs:
    """The same with `rim_pixels` more on each side, which `finish` takes off again; 0 leaves it as it is.

    The convolutions of a VAE see zeros beyond the frame. A small VAE shifts the colours of the last pixels because of
    that, and the shift shows as a line when the picture is expanded later.
    """
    if not rim_pixels or drawing.start is None:
        return drawing
    return replace(
        drawing,
        width=drawing.width + 2 * rim_pixels,
        height=drawing.height + 2 * rim_pixels,
        start=_grow(drawing.start, rim_pixels),
        mask=None if drawing.mask is None else _grow(drawing.mask, rim_pixels),
        mixed=tuple(
            replace(weighted_image, picture=_grow(weighted_image.picture, rim_pixels))
            for weighted_image in drawing.mixed
        ),
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


class TiledRefinement:
    """What is left to do for one picture when its coarse whole is painted."""

    def __init__(self, windows: Windows, *, layout: Layout, strength: float, rim_pixels: int = 0) -> None:
        self._windows = windows
        self._layout = layout
        self._strength = strength
        self._rim_pixels = rim_pixels

    def steps(self, steps: int) -> int:
        """Of all windows together, with schedules of `steps`."""
        return self._windows.count * max(1, int(steps * self._strength))

    def begin(self, whole: Image.Image) -> None:
        """`whole` has the canvas's size, the original in its place."""
        self._windows.picture = whole

    def batches(self, drawing: GenerationInputs) -> Iterator[list[tuple[Window, GenerationInputs]]]:
        """Windows to be painted side by side; those of the next batch want to see them laid."""
        for windows in self._windows.rounds():
            for first in range(0, len(windows), MOST_AT_ONCE):
                batch = windows[first : first + MOST_AT_ONCE]
                yield [(window, self._drawing(window, drawing)) for window in batch]

    def paste(self, window: Window, painted: Image.Image) -> None:
        size = window.weights.size
        self._windows.paste(window, painted if painted.size == size else painted.resize(size, RESIZE))

    @property
    def picture(self) -> Image.Image:
        return self._windows.picture

    def _drawing(self, window: Window, drawing: GenerationInputs) -> GenerationInputs:
        size = self._layout.snap(*window.weights.size)
        hole = window.hole.resize(size, Image.Resampling.BOX)
        plain = replace(
            drawing,
            width=size[0],
            height=size[1],
            strength=self._strength,
            start=self._windows.look(window).resize(size, RESIZE),
            mask=whitest(hole, self._layout.grid),
            finish=_as_it_is,
            detail=None,
            controls=(),  # what is where was settled in the whole
        )
        return with_overscan(plain, self._rim_pixels)
