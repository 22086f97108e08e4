"""Large canvases: painted coarsely as a whole first, then window by window at their own size."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PIL import Image

from engine.batching.sampling_params import SamplingParams
from engine.generation.generation_inputs import GenerationInputs
from engine.generation_task import Progress


class ProgressMeter:
    """Progress over several rounds of painting, as one, counted in the steps that were asked for."""

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


def steps_ahead(drawings: Sequence[GenerationInputs], params_list: Sequence[SamplingParams]) -> int:
    """What the details of a task's pictures will take when their wholes are painted, as far as is known."""
    return sum(
        drawing.detail.steps(params.steps)
        for drawing, params in zip(drawings, params_list, strict=True)
        if drawing.detail is not None
    )


GenerateBatch = Callable[[Sequence[tuple[int, GenerationInputs]]], Sequence[Image.Image]]


def refine_tiled(drawing: GenerationInputs, whole: Image.Image, generate: GenerateBatch) -> Image.Image:
    """The finished canvas; `generate` makes windows, each with a number that no other of the picture has."""
    detail = drawing.detail
    if detail is None:
        return whole
    detail.begin(whole)
    for batch in detail.batches(drawing):
        painted = generate([(window.number, inputs) for window, inputs in batch])
        for (window, inputs), picture in zip(batch, painted, strict=True):
            detail.paste(window, inputs.finish(picture))
    return detail.picture
