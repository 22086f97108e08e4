"""Large canvases: painted coarsely as a whole first, then window by window at their own size."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from engine.orders import Progress
from engine.painters.layout import Layout
from engine.painters.painter import Sketch
from engine.pictures.masks import whitest
from engine.pictures.windows import Window, Windows
from engine.rims import with_rim

if TYPE_CHECKING:
    from engine.drawings import Underdrawing

# More windows at once would only take more memory.
MOST_AT_ONCE = 8
# What is where was settled in the whole; a window adds what the whole was too small for.
STRENGTH = 0.4
_RESIZE = Image.Resampling.LANCZOS


class Detail:
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

    def batches(self, drawing: "Underdrawing") -> "Iterator[list[tuple[Window, Underdrawing]]]":
        """Windows to be painted side by side; those of the next batch want to see them laid."""
        for windows in self._windows.rounds():
            for first in range(0, len(windows), MOST_AT_ONCE):
                some = windows[first : first + MOST_AT_ONCE]
                yield [(window, self._drawing(window, drawing)) for window in some]

    def lay(self, window: Window, painted: Image.Image) -> None:
        size = window.weights.size
        self._windows.lay(window, painted if painted.size == size else painted.resize(size, _RESIZE))

    @property
    def picture(self) -> Image.Image:
        return self._windows.picture

    def _drawing(self, window: Window, drawing: "Underdrawing") -> "Underdrawing":
        size = self._layout.snap(*window.weights.size)
        hole = window.hole.resize(size, Image.Resampling.BOX)
        plain = replace(
            drawing,
            width=size[0],
            height=size[1],
            strength=self._strength,
            start=self._windows.look(window).resize(size, _RESIZE),
            mask=whitest(hole, self._layout.grid),
            finish=_as_it_is,
            detail=None,
        )
        return with_rim(plain, self._rim_pixels)


def _as_it_is(painted: Image.Image) -> Image.Image:
    return painted


class Meter:
    """Progress over several rounds of painting, as one, told in the steps that were asked for."""

    def __init__(self, on_progress: Callable[[Progress], None], *, asked: int) -> None:
        self._tell = on_progress
        self._asked = asked
        self._done = 0
        self._ahead = 0
        self._total = 0

    def expect(self, steps: int) -> None:
        """So many steps come after the first round, as far as is known."""
        self._ahead = steps

    def __call__(self, progress: Progress) -> None:
        if not self._done:
            self._total = progress.steps + self._ahead
        step = self._done + progress.step
        steps = max(self._total, step)
        left_seconds = progress.seconds_left
        if left_seconds is not None and (of_round := progress.steps - progress.step):
            left_seconds *= (steps - step) / of_round
        done = self._asked * step // steps if steps else 0
        self._tell(replace(progress, step=done, steps=self._asked, seconds_left=left_seconds))

    def end_round(self, steps: int) -> None:
        self._done += steps


def steps_ahead(drawings: "Sequence[Underdrawing]", sketches: Sequence[Sketch]) -> int:
    """What the details of an order's pictures will take when their wholes are painted, as far as is known."""
    return sum(
        drawing.detail.steps(sketch.steps)
        for drawing, sketch in zip(drawings, sketches, strict=True)
        if drawing.detail is not None
    )


PaintSome = Callable[[Sequence[tuple[int, "Underdrawing"]]], Sequence[Image.Image]]


def paint_detail(drawing: "Underdrawing", whole: Image.Image, paint: PaintSome) -> Image.Image:
    """The finished canvas; `paint` paints windows, each with a number that no other of the picture has."""
    detail = drawing.detail
    if detail is None:
        return whole
    detail.begin(whole)
    for batch in detail.batches(drawing):
        painted = paint([(window.number, each) for window, each in batch])
        for (window, each), picture in zip(batch, painted, strict=True):
            detail.lay(window, each.finish(picture))
    return detail.picture
