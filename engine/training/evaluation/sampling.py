"""Painting the answers: every picture comes out of the image generator, as for people."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from engine.generation.generator import ImageGenerator
from engine.generation_task import GenerationTask
from engine.training.evaluation.eval_prompts import Question
from studio.domain.requests import Operation, PaintRequest, Source, Strength

TOGETHER = 4


@dataclass(slots=True)
class EvaluationRun:
    """Paints with one model; `seconds` holds the times of tasks of four pictures."""

    generator: ImageGenerator
    model: str
    tick: Callable[[int], None] = lambda pictures: None
    seconds: list[float] = field(default_factory=list)

    def imagine(self, prompt: str, *, seed: int, count: int = 1) -> list[Image.Image]:
        begun = time.perf_counter()
        painted = self._paint(
            PaintRequest(operation=Operation.IMAGINE, prompt=prompt, seed=seed, count=count)
        )
        if count == TOGETHER:
            self.seconds.append(time.perf_counter() - begun)
        return painted

    def answer(self, questions: Sequence[Question]) -> list[Image.Image]:
        """One picture for each question."""
        return [self.imagine(question.prompt, seed=question.seed)[0] for question in questions]

    def edit(
        self, source: Image.Image, prompt: str, *, shares: tuple[float, float, float, float], seed: int
    ) -> tuple[Image.Image, np.ndarray]:
        """The edited picture, and which pixels of it (height, width) lay under the mask."""
        left, top, right, bottom = edges(source.size, shares)
        mask = Image.new("L", source.size)
        mask.paste(255, (left, top, right, bottom))
        request = PaintRequest(operation=Operation.EDIT, prompt=prompt, seed=seed, count=1)
        (painted,) = self._paint(request, source, mask=mask)
        return painted, np.asarray(mask) > 0

    def expand(self, source: Image.Image, prompt: str, *, sides: tuple[str, ...], seed: int) -> Image.Image:
        request = PaintRequest(
            operation=Operation.EXPAND, prompt=prompt, seed=seed, count=1, sides=sides, amount_percent=50
        )
        (painted,) = self._paint(request, source)
        return painted

    def vary(self, source: Image.Image, *, seed: int, variation: Strength, prompt: str = "") -> Image.Image:
        request = PaintRequest(
            operation=Operation.VARY, prompt=prompt, seed=seed, count=1, variation=variation
        )
        (painted,) = self._paint(request, source)
        return painted

    def blend(self, sources: Sequence[Image.Image], *, seed: int) -> Image.Image:
        request = PaintRequest(operation=Operation.BLEND, prompt="", seed=seed, count=1)
        (painted,) = self._paint(request, *sources)
        return painted

    def upscale(self, source: Image.Image, *, seed: int) -> Image.Image:
        request = PaintRequest(operation=Operation.UPSCALE, prompt="", seed=seed, count=1)
        (painted,) = self._paint(request, source)
        return painted

    def _paint(
        self, request: PaintRequest, *sources: Image.Image, mask: Image.Image | None = None
    ) -> list[Image.Image]:
        stored = tuple(Source(key="exam", picture_id="exam") for _ in sources)
        request = replace(request, model=self.model, sources=stored)
        task = GenerationTask(job_id="exam", person="exam", request=request, sources=sources, mask=mask)
        painted = [generated.image for generated in self.generator.generate(task)]
        self.tick(request.count)
        return painted


def edges(size: tuple[int, int], shares: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """Shares of width and height as pixels: left, top, right, bottom."""
    return (
        round(shares[0] * size[0]),
        round(shares[1] * size[1]),
        round(shares[2] * size[0]),
        round(shares[3] * size[1]),
    )
