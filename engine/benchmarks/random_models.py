"""Models of real size without their weights: speed does not depend on what the numbers are.

Configurations as the published models have them; https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0 and
https://huggingface.co/stable-diffusion-v1-5/stable-diffusion-v1-5.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.catalog.catalog import ModelEntry

_SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}
_TEXT_L = {
    "architectures": ["CLIPTextModel"],
    "model_type": "clip_text_model",
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
    "vocab_size": 49408,
    "hidden_act": "quick_gelu",
}
_TEXT_G = {
    **_TEXT_L,
    "architectures": ["CLIPTextModelWithProjection"],
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
    "hidden_act": "gelu",
}
_VAE = {
    "_class_name": "AutoencoderKL",
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 1024,
    "scaling_factor": 0.13025,
}
_UNET_15 = {
    "_class_name": "UNet2DConditionModel",
    "sample_size": 64,
    "block_out_channels": [320, 640, 1280, 1280],
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
    "layers_per_block": 2,
}
_UNET_XL = {
    "_class_name": "UNet2DConditionModel",
    "sample_size": 128,
    "block_out_channels": [320, 640, 1280],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "transformer_layers_per_block": [1, 2, 10],
    "attention_head_dim": [5, 10, 20],
    "cross_attention_dim": 2048,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
    "use_linear_projection": True,
    "layers_per_block": 2,
}
_SMALL = {
    "block_out_channels": [32, 64],
    "cross_attention_dim": 768,
    "attention_head_dim": 4,
    "sample_size": 16,
}

# Name → entry and the configuration of each part.
_KINDS: Mapping[str, tuple[ModelEntry, Mapping[str, Mapping[str, Any]]]] = {
    "sdxl": (
        ModelEntry(
            name="random sdxl",
            source="",
            family="sdxl",
            width=1024,
            height=1024,
            steps=20,
            guidance_scale=7.0,
        ),
        {"text_encoder": _TEXT_L, "text_encoder_2": _TEXT_G, "unet": _UNET_XL, "vae": _VAE},
    ),
    "sdxl-turbo": (
        ModelEntry(
            name="random sdxl-turbo",
            source="",
            family="sdxl",
            width=512,
            height=512,
            steps=1,
            guidance_scale=0.0,
        ),
        {"text_encoder": _TEXT_L, "text_encoder_2": _TEXT_G, "unet": _UNET_XL, "vae": _VAE},
    ),
    "sd15": (
        ModelEntry(
            name="random sd15", source="", family="sd", width=512, height=512, steps=20, guidance_scale=7.5
        ),
        {"text_encoder": _TEXT_L, "unet": _UNET_15, "vae": {**_VAE, "scaling_factor": 0.18215}},
    ),
    # For trying the measurement itself.
    "small": (
        ModelEntry(
            name="random small", source="", family="sd", width=64, height=64, steps=3, guidance_scale=2.0
        ),
        {
            "text_encoder": {
                **_TEXT_L,
                "num_hidden_layers": 1,
                "vocab_size": 1000,
                "bos_token_id": 998,
                "eos_token_id": 999,
            },
            "unet": {
                **_UNET_15,
                **_SMALL,
                "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
                "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
            },
            "vae": {
                **_VAE,
                "block_out_channels": [32, 32, 32],
                "down_block_types": ["DownEncoderBlock2D"] * 3,
                "up_block_types": ["UpDecoderBlock2D"] * 3,
                "layers_per_block": 1,
            },
        },
    ),
}
RANDOM_NAMES = tuple(_KINDS)
_PIPELINES = {"sd": "StableDiffusionPipeline", "sdxl": "StableDiffusionXLPipeline"}


def write_random_model(name: str, folder: Path) -> ModelEntry:
    """A model folder with everything but weights, and its catalogue entry."""
    entry, parts = _KINDS[name]
    index: dict[str, Any] = {
        "_class_name": _PIPELINES[entry.family],
        "_diffusers_version": "0.42.1",
        "scheduler": ["diffusers", _SCHEDULER["_class_name"]],
    }
    _write(folder / "scheduler" / "scheduler_config.json", _SCHEDULER)
    for part, config in parts.items():
        _write(folder / part / "config.json", config)
        library = "transformers" if "architectures" in config else "diffusers"
        index[part] = [
            library,
            config["architectures"][0] if library == "transformers" else config["_class_name"],
        ]
        if library == "transformers":
            tokenizer = part.replace("text_encoder", "tokenizer")
            index[tokenizer] = ["transformers", "CLIPTokenizer"]
            _write_tokenizer(folder / tokenizer)
    _write(folder / "model_index.json", index)
    return entry


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _write_tokenizer(folder: Path) -> None:
    """CLIP's tokenizer with single letters for a vocabulary."""
    letters = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256))]
    letters += [chr(256 + extra) for extra in range(256 - len(letters))]
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    _write(folder / "vocab.json", {word: index for index, word in enumerate(words)})
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77})
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
