"""The samples of one task in the batcher, and where its task thread waits for them."""

import threading
import time
from collections.abc import Callable, Sequence
from itertools import count, zip_longest
from typing import TYPE_CHECKING

from PIL import Image

from engine.generation_task import Progress
from studio.errors import ChatelierError, GenerationError, JobCancelledError

if TYPE_CHECKING:
    import torch

    from engine.batching.sample import Sample

_numbers = count()
_ASK_SECONDS = 0.05
PREVIEW_TILE_PIXELS = 96
_MOST_IN_PAIRS = 8
_WORTH_SHOWING_SECONDS = 2.0  # a picture is not shown alone when the others come so soon


class SampleGroup:
    """`open_tasks` is how many tasks the person has open, this one among them; see `fairness`."""

    def __init__(self, samples: "Sequence[Sample]", *, person: str, weight: float = 1.0) -> None:
        self.samples = tuple(samples)
        self.person = person
        self.weight = max(weight, 1e-3)
        self.number = next(_numbers)
        self.open_tasks = 1
        self.cancelled = False
        self.step_seconds: float | None = None  # what a step of its samples took in the past
        self._pace = StepRate()
        self.previewed_at = time.monotonic()
        self._changed = threading.Condition()
        self._over = False
        self._error: BaseException | None = None
        self._handed_over: set[Sample] = set()
        self._shown: list[torch.Tensor | None] = []
        self._sheet: Image.Image | None = None
        for sample in self.samples:
            sample.group = self

    # ---- the batcher's side

    @property
    def over(self) -> bool:
        """Finished, failed, or given up by its task thread: the step batcher has nothing more to do for it."""
        return self._over or self.cancelled

    def finish(self) -> None:
        """Every sample has its picture."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """The first error counts; the group's other samples are given up."""
        with self._changed:
            if not self._over:
                self._error, self._over = error, True
            self._changed.notify_all()

    # ---- the task thread's side

    def wait(
        self,
        *,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        cancelled: Callable[[], bool] = lambda: False,
        on_finished: "Callable[[Sample], None] | None" = None,
    ) -> None:
        """Blocks until every sample has its picture. Raises `JobCancelledError`, or what went wrong with a sample.

        `on_finished` gets each sample that has its picture while others will take a while; previews then show the
        others only.
        """
        steps_reported = -1
        while not self._over:
            if cancelled():
                self.cancelled = True
                raise JobCancelledError
            progress = self.progress()
            if progress.step != steps_reported:
                steps_reported = progress.step
                on_progress(progress)
            if on_finished is not None:
                for sample in self._finished_early(progress):
                    self._handed_over.add(sample)
                    on_finished(sample)
            with self._changed:
                # Steps do not wake anybody: at many steps a second that would slow the batcher's own thread.
                self._changed.wait_for(lambda: self._over, timeout=_ASK_SECONDS)
        if self._error is not None:
            if isinstance(self._error, ChatelierError):
                raise self._error
            raise GenerationError from self._error
        on_progress(self.progress())

    def progress(self) -> Progress:
        step = sum(sample.position for sample in self.samples)
        steps = sum(sample.steps for sample in self.samples)
        return Progress(
            step=step,
            steps=steps,
            seconds_left=self._pace.seconds_left(step, steps, expected=self._expected_seconds()),
            preview=self._preview(),
        )

    def _finished_early(self, progress: Progress) -> "list[Sample]":
        if progress.seconds_left is not None and progress.seconds_left < _WORTH_SHOWING_SECONDS:
            return []
        finished = [sample for sample in self.samples if sample.is_decoded]
        if len(finished) == len(self.samples):
            return []
        return [sample for sample in finished if sample not in self._handed_over]

    def _expected_seconds(self) -> float | None:
        """Before the first steps were made: as long as such samples took in the past, side by side."""
        if self.step_seconds is None:
            return None
        return self.step_seconds * max(sample.steps - sample.position for sample in self.samples)

    def _preview(self) -> Image.Image | None:
        """Composed anew only when a sample has a new glimpse."""
        previews = [sample.preview for sample in self.samples if sample not in self._handed_over]
        if any(old is not new for old, new in zip_longest(self._shown, previews)):
            self._shown, self._sheet = previews, _sheet(previews)
        return self._sheet


class StepRate:
    """How fast a task progresses beside other samples, from its first step on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, int] | None = None  # when, and how many steps were made then

    def seconds_left(self, step: int, steps: int, *, expected: float | None) -> float | None:
        """`expected` while too little was seen."""
        if step >= steps:
            return 0.0
        now = self._clock()
        if self._first is None or step < self._first[1]:
            self._first = (now, step) if step else None
            return expected
        made = step - self._first[1]
        return (now - self._first[0]) / made * (steps - step) if made else expected


def _sheet(previews: "Sequence[torch.Tensor | None]") -> Image.Image | None:
    """Pictures uint8 (h, w, 3) side by side, two in a row, of many four; grey where there is none yet."""
    known = [preview for preview in previews if preview is not None]
    if not known:
        return None
    height, width = known[0].shape[:2]
    scale = PREVIEW_TILE_PIXELS / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    columns = 1 if len(previews) == 1 else 2 if len(previews) <= _MOST_IN_PAIRS else 4
    rows = -(-len(previews) // columns)
    sheet = Image.new("RGB", (columns * size[0], rows * size[1]), (128, 128, 128))
    for index, preview in enumerate(previews):
        if preview is not None:
            tile = Image.fromarray(preview.numpy()).resize(size, Image.Resampling.BICUBIC)
            sheet.paste(tile, (index % columns * size[0], index // columns * size[1]))
    return sheet
