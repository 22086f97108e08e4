"""Writes a trained model as a standard diffusers folder, and paints a grid with it."""

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
)
from PIL import Image
from transformers import CLIPTokenizer

from engine.layout_prior import CollageComposer
from engine.training.stages.checkpoint import Average
from engine.training.stages.denoiser import TextToLatentModel
from engine.training.stages.objectives import REPAINTING

# How the layout prior is used when nothing else is said; read from prior/prior.json by the model too.
PRIOR: dict[str, Any] = {
    "kind": "collage",
    "width": 256,
    "height": 256,
    "steps": 25,
    "strength": 0.2,
    "edit_strength": 0.3,
    "guidance_scale": 1.0,
}


def assemble(
    model: TextToLatentModel,
    average: Average | None,
    autoencoder: AutoencoderKL,
    tokenizer: CLIPTokenizer,
    *,
    schedule: Mapping[str, Any] = REPAINTING,
) -> StableDiffusionPipeline:
    """The trained parts as a plain pipeline, with averaged weights where given."""
    model = copy.deepcopy(model)
    if average is not None:
        average.copy_to(model)
    return StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=model.text_encoder,
        tokenizer=tokenizer,
        unet=model.unet,
        scheduler=DPMSolverMultistepScheduler(**schedule, algorithm_type="dpmsolver++", solver_order=2),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def export(pipeline: StableDiffusionPipeline, folder: Path) -> None:
    """Half-precision safetensors in the standard layout; `prior/` beside them is left as it is."""
    half = StableDiffusionPipeline(
        **{
            name: copy.deepcopy(part).half() if isinstance(part, torch.nn.Module) else part
            for name, part in pipeline.components.items()
        },
        requires_safety_checker=False,
    )
    half.save_pretrained(folder, safe_serialization=True)
    if (folder / "prior").is_dir():
        (folder / "prior/prior.json").write_text(json.dumps(PRIOR, indent=1) + "\n")


@torch.no_grad()
def generate_grid(
    pipeline: StableDiffusionPipeline,
    collage: CollageComposer,
    prompts: Sequence[str],
    *,
    seeds: Sequence[int],
    prior: Mapping[str, Any] = PRIOR,
) -> tuple[list[Image.Image], list[Image.Image]]:
    """The collages of the prompts, and what the model makes of them."""
    components = dict(pipeline.components)
    components["scheduler"] = type(pipeline.scheduler).from_config(pipeline.scheduler.config)
    repaint = StableDiffusionImg2ImgPipeline(**components, requires_safety_checker=False)
    repaint.set_progress_bar_config(disable=True)
    params_list = [
        collage.compose(prompt, seed=seed, width=prior["width"], height=prior["height"])
        for prompt, seed in zip(prompts, seeds, strict=True)
    ]
    painted: list[Image.Image] = []
    for at in range(0, len(prompts), 8):
        painted += repaint(
            prompt=list(prompts[at : at + 8]),
            image=params_list[at : at + 8],
            strength=prior["strength"],
            num_inference_steps=prior["steps"],
            guidance_scale=prior["guidance_scale"],
            generator=[torch.Generator().manual_seed(seed) for seed in seeds[at : at + 8]],
        ).images
    return params_list, painted


@torch.no_grad()
def imagine(
    pipeline: StableDiffusionPipeline,
    prompts: Sequence[str],
    *,
    seeds: Sequence[int],
    side: int,
    steps: int = 8,
    guidance_scale: float = 3.0,
) -> list[Image.Image]:
    """Pictures from the words alone."""
    pipeline.set_progress_bar_config(disable=True)
    with torch.autocast(pipeline.device.type, torch.bfloat16, enabled=pipeline.device.type == "cuda"):
        painted: list[Image.Image] = pipeline(
            list(prompts),
            num_inference_steps=steps,
            guidance_scale=guidance_scale,
            width=side,
            height=side,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        ).images
    return painted


def grid(pictures: Sequence[Image.Image], *, columns: int) -> Image.Image:
    """Pictures of one size in rows, row by row."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    for at, picture in enumerate(pictures):
        sheet.paste(picture, ((at % columns) * width, (at // columns) * height))
    return sheet
