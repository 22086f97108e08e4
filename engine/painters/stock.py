"""The plain diffusers pipeline of a model, as anybody would call it: what measurements compare with."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch

from engine.painters.painter import Sketch
from engine.painters.weights import LOADING, choose_dtype


class StockPipeline:
    """Text to image only. A static batch has one size, one number of steps and one guidance."""

    def __init__(self, folder: Path, *, device: torch.device, dtype: str) -> None:
        with LOADING:
            self._pipeline: Any = diffusers.AutoPipelineForText2Image.from_pretrained(
                folder, dtype=choose_dtype(dtype, device), safety_checker=None
            )
        self._pipeline.to(device)
        self._pipeline.set_progress_bar_config(disable=True)
        for name in ("unet", "vae"):
            if hasattr(self._pipeline, name):
                getattr(self._pipeline, name).to(memory_format=torch.channels_last)

    def seconds(self, sketches: Sequence[Sketch]) -> float:
        """Paint one static batch; the first sketch's parameters count."""
        first = sketches[0]
        started = time.perf_counter()
        with torch.inference_mode():
            self._pipeline(
                prompt=[each.prompt for each in sketches],
                negative_prompt=[each.negative_prompt for each in sketches],
                width=first.width,
                height=first.height,
                num_inference_steps=first.steps,
                guidance_scale=first.guidance_scale,
                generator=[torch.Generator().manual_seed(each.seed) for each in sketches],
                output_type="np",
            )
        return time.perf_counter() - started
