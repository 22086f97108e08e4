"""Upscalers, samples and images for tests of upscaling."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from engine.adapters.loading.spandrel_loader import BUNDLED_NAME
from engine.adapters.upscaler import Upscaler, UpscaleSample
from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.baselines import paint_together
from engine.generation.generator import to_image


def opened(source: str | Path = BUNDLED_NAME, **options: Any) -> Upscaler:
    upscaler = Upscaler(source, device=torch.device("cpu"), **options)
    upscaler.load()
    return upscaler


def sample_for(upscaler: Upscaler, picture: Image.Image) -> UpscaleSample:
    return upscaler.new_sample(
        SamplingParams(
            prompt="",
            seed=0,
            width=picture.width,
            height=picture.height,
            steps=1,
            guidance_scale=0,
            start=picture,
        )
    )


def enlarge(upscaler: Upscaler, *pictures: Image.Image) -> list[Image.Image]:
    """All side by side, without a step batcher."""
    samples = [sample_for(upscaler, picture) for picture in pictures]
    paint_together(samples)
    return [to_image(sample.picture) for sample in samples if sample.picture is not None]


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


def drawing(side: int) -> Image.Image:
    """Flat shapes with smooth edges."""
    large = Image.new("RGB", (side * 4, side * 4), (250, 240, 220))
    draw = ImageDraw.Draw(large)
    unit = side * 4 / 100
    draw.ellipse(
        [20 * unit, 20 * unit, 80 * unit, 80 * unit],
        fill=(200, 40, 40),
        outline=(40, 0, 0),
        width=round(3 * unit),
    )
    draw.line([5 * unit, 90 * unit, 95 * unit, 60 * unit], fill=(20, 90, 30), width=round(4 * unit))
    draw.polygon([50 * unit, 5 * unit, 60 * unit, 25 * unit, 40 * unit, 25 * unit], fill=(30, 60, 200))
    return large.resize((side, side), Image.Resampling.LANCZOS)


def compact_state(*, features: int = 8, scale: int = 2, layers: int = 2) -> dict[str, torch.Tensor]:
    """A tiny SRVGGNetCompact with random weights."""
    generator = torch.Generator().manual_seed(0)
    channels = [3, *[features] * (layers + 1), 3 * scale * scale]
    state: dict[str, torch.Tensor] = {}
    for index, (wide, out) in enumerate(pairwise(channels)):
        state[f"body.{2 * index}.weight"] = torch.randn(out, wide, 3, 3, generator=generator) * 0.05
        state[f"body.{2 * index}.bias"] = torch.randn(out, generator=generator) * 0.05
        if index < layers + 1:
            state[f"body.{2 * index + 1}.weight"] = torch.rand(out, generator=generator)
    return state


def watch(upscaler: Upscaler, monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[int, ...]]]:
    """The shapes of the parts in each forward pass from now on."""
    seen: list[list[tuple[int, ...]]] = []
    enlarge_parts = upscaler.enlarge

    def watch_steps(parts: Any) -> torch.Tensor:
        seen.append([part.shape for part in parts])
        return enlarge_parts(parts)

    monkeypatch.setattr(upscaler, "enlarge", watch_steps)
    return seen


def difference(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int)).max())
