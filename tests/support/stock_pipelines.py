"""Samples of the step batcher beside the stock pipelines of diffusers, for tests of their equality."""

import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image

from engine.adapters.components.noise_schedulers import Schedulers
from engine.adapters.registry import new_model
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.model_protocols import Model
from engine.batching.sample import Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry

TOLERANCE = 1e-4


PIPELINES: dict[str, tuple[Any, Any, Any]] = {
    "sd": (
        diffusers.StableDiffusionPipeline,
        diffusers.StableDiffusionImg2ImgPipeline,
        diffusers.StableDiffusionInpaintPipeline,
    ),
    "sdxl": (
        diffusers.StableDiffusionXLPipeline,
        diffusers.StableDiffusionXLImg2ImgPipeline,
        diffusers.StableDiffusionXLInpaintPipeline,
    ),
    "flux": (diffusers.FluxPipeline, diffusers.FluxImg2ImgPipeline, diffusers.FluxInpaintPipeline),
    "sd3": (
        diffusers.StableDiffusion3Pipeline,
        diffusers.StableDiffusion3Img2ImgPipeline,
        diffusers.StableDiffusion3InpaintPipeline,
    ),
    "z-image": (
        diffusers.ZImagePipeline,
        diffusers.ZImageImg2ImgPipeline,
        diffusers.ZImageInpaintPipeline,
    ),
    "chroma": (
        diffusers.ChromaPipeline,
        diffusers.ChromaImg2ImgPipeline,
        diffusers.ChromaInpaintPipeline,
    ),
    "qwen-image": (
        diffusers.QwenImagePipeline,
        diffusers.QwenImageImg2ImgPipeline,
        diffusers.QwenImageInpaintPipeline,
    ),
}


WORDS = ("a red apple", "two blue stars", "a castle by the sea", "", "🌵 in the desert")


def picture(seed: int, width: int = 32, height: int = 32) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


def hole(width: int = 32, height: int = 32) -> Image.Image:
    mask = Image.new("L", (width, height), 0)
    mask.paste(255, (8, 4, 24, 20))
    return mask


def params(index: int = 0, **changes: Any) -> SamplingParams:
    plain = SamplingParams(
        prompt=WORDS[index % len(WORDS)],
        negative_prompt="fog" if index % 2 else "",
        seed=100 + index,
        width=32,
        height=32,
        steps=5,
        guidance_scale=4.0,
    )
    return replace(plain, **changes)


OPERATIONS: dict[str, dict[str, Any]] = {
    "from words": {},
    "from a picture": {"start": picture(1), "strength": 0.6},
    "with a hole": {"start": picture(2), "mask": hole(), "strength": 0.8},
    "with a hole, from noise": {"start": picture(2), "mask": hole(), "strength": 1.0},
}


def load(folder: Path, family: str = "sd") -> Model:
    entry = ModelEntry(name="tiny", source=str(folder), family=family, width=32, height=32, dtype="float32")
    model = new_model(entry, folder, device=torch.device("cpu"))
    model.load()
    return model


def stock(folder: Path, family: str = "sd") -> Callable[[SamplingParams], np.ndarray]:
    """Generates one image alone, with the pipeline that diffusers has for it."""
    from_words, from_picture, with_hole = PIPELINES[family]
    extra = {"requires_safety_checker": False} if family == "sd" else {}
    without = {} if (folder / "text_encoder_3").exists() else {"text_encoder_3": None, "tokenizer_3": None}
    base = from_words.from_pretrained(folder, **extra, **(without if family == "sd3" else {}))
    if family == "chroma":  # Its inpainting pipeline asks for a field that its transformer does not have.
        base.transformer.register_to_config(guidance_embeds=False)
        base.transformer.register_forward_pre_hook(hide_padding, with_kwargs=True)
    schedulers = Schedulers(folder)

    def paint(params: SamplingParams) -> np.ndarray:
        options: dict[str, Any] = {
            "prompt": params.prompt,
            "negative_prompt": params.negative_prompt or None,
            "num_inference_steps": params.steps,
            "guidance_scale": params.guidance_scale,
            "generator": torch.Generator().manual_seed(params.seed),
            "output_type": "np",
        }
        if "true_cfg_scale" in inspect.signature(from_words.__call__).parameters and family != "flux":
            # Without words to avoid, its pipelines leave guidance out.
            options |= {"true_cfg_scale": options.pop("guidance_scale")}
            options["negative_prompt"] = (
                (params.negative_prompt or " ") if params.guidance_scale > 1 else None
            )
        if family == "chroma":  # Its inpainting pipeline takes 256 if it is not told.
            options["max_sequence_length"] = 512
        size = {"height": params.height, "width": params.width}
        if params.start is None:
            kind = from_words
            options |= size
        elif params.mask is None:
            kind = from_picture
            options |= {"image": params.start, "strength": params.strength}
            # Some take the picture's size, others have no such parameter, others have a larger default.
            options |= size if {"width", "height"} <= set(inspect.signature(kind.__call__).parameters) else {}
        else:
            kind = with_hole
            options |= {"image": params.start, "strength": params.strength, "mask_image": params.mask, **size}
        parts = {**base.components, "scheduler": schedulers.new(params.scheduler)}
        if kind is diffusers.StableDiffusion3InpaintPipeline:
            parts["vae"] = RememberingShift(parts["vae"])
        pipeline = kind(**parts, **extra)
        pipeline.set_progress_bar_config(disable=True)
        result: np.ndarray = pipeline(**options).images[0]
        return result

    return paint


def hide_padding(_transformer: Any, args: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """For Chroma, whose pipelines give a mask of floats: attention adds it to its scores and sees all padding.

    https://github.com/huggingface/diffusers/issues/12116
    """
    return args, {**named, "attention_mask": named["attention_mask"].bool()}


class RememberingShift:
    """A first stage for diffusers' inpainting pipeline of SD3, which takes the shift off and never puts it back."""

    def __init__(self, vae: Any) -> None:
        self._vae = vae

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vae, name)

    def decode(self, latents: torch.Tensor, **options: Any) -> Any:
        return self._vae.decode(latents + self._vae.config.shift_factor, **options)


def batcher_with(model: Model, *, max_rows: int = 64) -> StepBatcher:
    cache = ModelCache(budget_bytes=2**40)
    cache.hold(model)
    return StepBatcher(
        cache,
        device=torch.device("cpu"),
        limits=BatchLimits("cpu", cells=2**20, max_rows=max_rows),
        preview_seconds=0.0,
    )


def difference(sample: Sample, wanted: np.ndarray) -> float:
    """The largest of any value, in [0, 1]. The file `EQUALITY_REPORT` gets it with the test's name, where it is set."""
    assert sample.picture is not None
    largest = float(np.abs(sample.picture.permute(1, 2, 0).numpy() - wanted).max())
    if report := os.environ.get("EQUALITY_REPORT"):
        with Path(report).open("a", encoding="utf-8") as out:
            out.write(f"{largest:.1e} {os.environ.get('PYTEST_CURRENT_TEST', '')}\n")
    return largest


def turns(batcher: StepBatcher) -> Iterator[int]:
    """Takes turns until there is nothing to do; yields after each one, so that a test can meddle."""
    count = 0
    while True:
        with torch.inference_mode():
            moved = batcher.turn()
        if not moved:
            return
        count += 1
        yield count


def paint_together(batcher: StepBatcher, params_list: Sequence[SamplingParams], model: Model) -> list[Sample]:
    samples = [model.new_sample(inputs) for inputs in params_list]
    for index, sample in enumerate(samples):
        batcher.submit(SampleGroup([sample], person=f"person {index}"))
    for _ in turns(batcher):
        pass
    return samples
