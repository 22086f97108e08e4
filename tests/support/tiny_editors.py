"""Tiny models that edit pictures by words, and the stock pipelines that drive them alone."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image
from transformers import (
    BatchFeature,
    PreTrainedTokenizerFast,
    Qwen2VLImageProcessorPil,
)

from engine.batching.sampling_params import SamplingParams
from tests.support.tiny_models import (
    make_autoencoder,
    make_long_tokenizer,
    make_scheduler,
    make_text_encoder,
    make_tokenizer,
    make_unet,
    saved,
)
from tests.support.tiny_pipelines import reader_of_qwen_image, save_qwen_image

_PICTURE = "<|image_pad|>"


def without_chance(vae: Any) -> None:
    """What the first stage encodes has next to no variance: a draw from it is its middle."""
    last = vae.quant_conv
    with torch.no_grad():
        last.weight[len(last.weight) // 2 :] = 0
        last.bias[len(last.bias) // 2 :] = -30


def save_qwen_image_edit(folder: Path, *, pipeline: str) -> Path:
    """Qwen-Image-Edit or -Plus by the name of its pipeline; answers its folder."""
    plus = pipeline == "QwenImageEditPlusPipeline"
    save_qwen_image(folder, prepare=without_chance, zero_cond_t=plus, image_token_id=8)
    tokenizer = make_long_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": [_PICTURE]})
    tokenizer.save_pretrained(folder / "tokenizer")
    Qwen2VLImageProcessorPil(size={"shortest_edge": 28 * 28, "longest_edge": 112 * 112}).save_pretrained(
        folder / "processor"
    )
    index = json.loads((folder / "model_index.json").read_text())
    index |= {"_class_name": pipeline, "processor": ["transformers", "Qwen2VLProcessor"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def save_pix2pix(folder: Path) -> Path:
    """InstructPix2Pix in the layout of Stable Diffusion; answers its folder."""
    torch.manual_seed(0)
    return saved(
        diffusers.StableDiffusionInstructPix2PixPipeline(
            vae=make_autoencoder(),
            text_encoder=make_text_encoder(),
            tokenizer=make_tokenizer(folder / "tokenizer"),
            unet=make_unet(channels=8),
            scheduler=make_scheduler("euler"),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        ),
        folder,
    )


class PictureReader:
    """The part that LongCat uses of transformers' processor, which wants torchvision."""

    def __init__(self) -> None:
        self.image_processor = Qwen2VLImageProcessorPil(
            size={"shortest_edge": 28 * 28, "longest_edge": 112 * 112}
        )


def make_longcat() -> Any:
    """The pipeline of LongCat-Image-Edit."""
    torch.manual_seed(0)
    tokenizer = make_long_tokenizer()
    marks = [_PICTURE, "<|vision_start|>", "<|vision_end|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": marks})
    picture, start, _ = tokenizer.convert_tokens_to_ids(marks)
    return diffusers.LongCatImageEditPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=make_autoencoder(latent_channels=16, shift_factor=0.1),
        text_encoder=reader_of_qwen_image(image_token_id=picture, vision_start_token_id=start),
        tokenizer=tokenizer,
        text_processor=PictureReader(),
        transformer=diffusers.LongCatImageTransformer2DModel(
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            pooled_projection_dim=16,
            axes_dims_rope=[4, 6, 6],
        ),
    )


class PicturesAndWords:
    """As transformers' processor of Qwen2-VL, which wants torchvision: a mark for every patch of a picture."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")
        self._pictures = Qwen2VLImageProcessorPil.from_pretrained(folder / "processor")

    def __call__(self, *, text: list[str], images: Any, padding: bool, return_tensors: str) -> BatchFeature:
        seen = self._pictures(images=images, return_tensors=return_tensors)
        (prompt,) = text
        for grid in seen["image_grid_thw"]:
            room = "<|room|>" * int(grid.prod() // self._pictures.merge_size**2)
            prompt = prompt.replace(_PICTURE, room, 1)
        prompt = prompt.replace("<|room|>", _PICTURE)
        tokens = self._tokenizer([prompt], padding=padding, return_tensors=return_tensors)
        return BatchFeature({**tokens, **seen})


def place_pictures(encoder: torch.nn.Module) -> None:
    """Mend a stock pipeline, which with transformers 5 reads the patches of a picture as a line of words.

    https://github.com/huggingface/diffusers/issues/14194
    """

    def add_kinds(_encoder: Any, args: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        kinds = (named["input_ids"] == encoder.config.image_token_id).int()
        return args, {**named, "mm_token_type_ids": kinds}

    encoder.register_forward_pre_hook(add_kinds, with_kwargs=True)


def stock_qwen_editor(folder: Path, pipeline: str) -> Callable[[SamplingParams], np.ndarray]:
    base = diffusers.QwenImagePipeline.from_pretrained(folder, processor=None)
    parts = {**base.components, "processor": PicturesAndWords(folder)}
    place_pictures(base.text_encoder)

    def paint(params: SamplingParams) -> np.ndarray:
        kind = getattr(diffusers, pipeline)
        options: dict[str, Any] = {"image": list(params.references), "height": params.height}
        if params.mask is not None:
            kind = diffusers.QwenImageEditInpaintPipeline
            options = {"mask_image": params.mask, "strength": params.strength, "image": params.start}
        elif pipeline == "QwenImageEditPipeline":
            options["image"] = params.references[0]
        scheduler = diffusers.FlowMatchEulerDiscreteScheduler.from_config(base.scheduler.config)
        pipe = kind(**{**parts, "scheduler": scheduler})
        pipe.set_progress_bar_config(disable=True)
        result: np.ndarray = pipe(
            **options,
            prompt=params.prompt,
            negative_prompt=(params.negative_prompt or " ") if params.guidance_scale > 1 else None,
            true_cfg_scale=params.guidance_scale,
            width=params.width,
            num_inference_steps=params.steps,
            generator=torch.Generator().manual_seed(params.seed),
            output_type="np",
        ).images[0]
        return result

    return paint


def stock_flux2(folder: Path, pipeline: Any) -> Callable[[SamplingParams], np.ndarray]:
    base = pipeline.from_pretrained(folder)
    inpaint = diffusers.Flux2KleinInpaintPipeline
    takes_guidance = pipeline is not diffusers.Flux2KleinKVPipeline

    def paint(params: SamplingParams) -> np.ndarray:
        kind, options = pipeline, {"image": list(params.references) or None, "height": params.height}
        if params.mask is not None:
            kind = inpaint
            further = params.references[1] if len(params.references) > 1 else None
            options = {"image": params.start, "mask_image": params.mask, "strength": params.strength}
            options |= {"image_reference": further, "height": params.height}
        scheduler = diffusers.FlowMatchEulerDiscreteScheduler.from_config(base.scheduler.config)
        pipe = kind(**{**base.components, "scheduler": scheduler})
        if "is_distilled" in base.config:
            pipe.register_to_config(is_distilled=base.config.is_distilled)
        pipe.set_progress_bar_config(disable=True)
        if takes_guidance:
            options["guidance_scale"] = params.guidance_scale
        if "negative_prompt_embeds" in inspect.signature(pipe.__call__).parameters:
            options["negative_prompt_embeds"] = pipe.encode_prompt(params.negative_prompt)[0]
        result: np.ndarray = pipe(
            **options,
            prompt=params.prompt,
            width=params.width,
            num_inference_steps=params.steps,
            generator=torch.Generator().manual_seed(params.seed),
            output_type="np",
        ).images[0]
        return result

    return paint


def stock_kontext(folder: Path) -> Callable[[SamplingParams], np.ndarray]:
    base = diffusers.FluxKontextPipeline.from_pretrained(folder)

    def paint(params: SamplingParams) -> np.ndarray:
        kind: Any = diffusers.FluxKontextPipeline
        options: dict[str, Any] = {"image": params.references[0] if params.references else None}
        if params.mask is not None:
            kind = diffusers.FluxKontextInpaintPipeline
            options |= {"mask_image": params.mask, "strength": params.strength}
        scheduler = diffusers.FlowMatchEulerDiscreteScheduler.from_config(base.scheduler.config)
        pipe = kind(**{**base.components, "scheduler": scheduler})
        pipe.set_progress_bar_config(disable=True)
        result: np.ndarray = pipe(
            **options,
            prompt=params.prompt,
            guidance_scale=params.guidance_scale,
            width=params.width,
            height=params.height,
            max_area=params.width * params.height,
            num_inference_steps=params.steps,
            generator=torch.Generator().manual_seed(params.seed),
            output_type="np",
        ).images[0]
        return result

    return paint


def noise(seed: int, width: int = 32, height: int = 32) -> Image.Image:
    """A picture of coarse noise."""
    values = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)
