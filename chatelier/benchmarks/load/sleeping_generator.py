"""A generator that sleeps as long as a large card would take, and gives pictures that were drawn beforehand."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from PIL import Image

from engine.generation_task import GeneratedImage, GenerationTask, Progress
from engine.routing.worker_figures import ResidentModels
from moderation.provenance.watermark.robustness import photograph
from studio.domain.pictures import Recipe
from studio.errors import JobCancelledError

STEPS = 8
_ROWS_OF_A_PICTURE = 2  # with and without the prompt
_MOST_ROWS = 16
_DRAWN = 8


@dataclass(kw_only=True)
class SleepingGenerator:
    """One card of the step batcher: a pass takes `pass_seconds` and `row_seconds` for each of its rows.

    Samples beyond the most rows of a pass wait. `side_pixels` is that of the square pictures.
    """

    pass_seconds: float
    row_seconds: float
    side_pixels: int
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self._rows = 0  # of the present pass
        self._changed = threading.Condition()
        self._images = [photograph(self.side_pixels, seed=number) for number in range(_DRAWN)]
        self._numbers = count()

    def warm_up(self, *, model: str | None = None) -> None:
        """There is no model to load."""

    def resident_models(self) -> ResidentModels:
        return ResidentModels()

    def device_names(self) -> tuple[str, ...]:
        return ("a sleeping card",)

    def rows_at_once(self, *, models: Sequence[str] | None = None) -> int:
        return _MOST_ROWS

    def close(self) -> None:
        """Nothing runs beyond its job."""

    def generate(
        self,
        task: GenerationTask,
        *,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        on_picture: Callable[[int, GeneratedImage], None] | None = None,
    ) -> list[GeneratedImage]:
        """As `ImageGenerator.generate`. Raises `JobCancelledError`."""
        missing = [index for index in range(task.request.count) if index not in task.done]
        with self._join(_ROWS_OF_A_PICTURE * len(missing)):
            for step in range(1, STEPS + 1):
                self.sleep(self.pass_seconds + self.row_seconds * self._rows)
                if cancelled():
                    raise JobCancelledError
                on_progress(Progress(step=step, steps=STEPS))
        return [self._picture(task, index) for index in missing]

    @contextmanager
    def _join(self, rows: int) -> Iterator[None]:
        """Be part of the passes, as soon as there is room."""
        with self._changed:
            self._changed.wait_for(lambda: not self._rows or self._rows + rows <= _MOST_ROWS)
            self._rows += rows
        try:
            yield
        finally:
            with self._changed:
                self._rows -= rows
                self._changed.notify_all()

    def _picture(self, task: GenerationTask, index: int) -> GeneratedImage:
        """Of its own content, so that every picture is a file of its own."""
        image: Image.Image = self._images[next(self._numbers) % _DRAWN].copy()
        seed = task.request.seed_of(index)
        image.putpixel((0, 0), (seed & 255, seed >> 8 & 255, seed >> 16 & 255))
        recipe = Recipe(
            operation=task.request.operation,
            prompt=task.request.prompt,
            seed=seed,
            steps=STEPS,
            guidance_scale=5.0,
            width=self.side_pixels,
            height=self.side_pixels,
            model="sleeping",
            model_hash="0" * 12,
            scheduler="none",
            software="chatelier bench load",
        )
        return GeneratedImage(image=image, recipe=recipe)
