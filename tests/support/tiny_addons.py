"""Tiny weights to lay over the tiny models: LoRAs, and IP-Adapters with their image encoder."""

from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

RANK = 2
SEEN_WIDTH = 16


# Family → its pipeline, and its denoiser with its name.
_FAMILIES: dict[str, tuple[Any, Any, str]] = {
    "sd": (diffusers.StableDiffusionPipeline, UNet2DConditionModel, "unet"),
    "sdxl": (diffusers.StableDiffusionXLPipeline, UNet2DConditionModel, "unet"),
    "flux": (diffusers.FluxPipeline, diffusers.FluxTransformer2DModel, "transformer"),
    "sd3": (diffusers.StableDiffusion3Pipeline, diffusers.SD3Transformer2DModel, "transformer"),
    "chroma": (diffusers.ChromaPipeline, diffusers.ChromaTransformer2DModel, "transformer"),
    "flux-kontext": (diffusers.FluxKontextPipeline, diffusers.FluxTransformer2DModel, "transformer"),
    "flux2": (diffusers.Flux2Pipeline, diffusers.Flux2Transformer2DModel, "transformer"),
    "flux2-klein": (diffusers.Flux2KleinPipeline, diffusers.Flux2Transformer2DModel, "transformer"),
    "qwen-image": (diffusers.QwenImagePipeline, diffusers.QwenImageTransformer2DModel, "transformer"),
    "qwen-image-edit-plus": (
        diffusers.QwenImageEditPlusPipeline,
        diffusers.QwenImageTransformer2DModel,
        "transformer",
    ),
    "z-image": (diffusers.ZImagePipeline, diffusers.ZImageTransformer2DModel, "transformer"),
}


def save_lora(folder: Path, path: Path, *, seed: int = 0, family: str = "sd", dora: bool = False) -> Path:
    """A LoRA, or DoRA, for the attention of the model in `folder`, in diffusers' layout; answers its path."""
    pipeline, kind, name = _FAMILIES[family]
    generator = torch.Generator().manual_seed(seed)
    layers: dict[str, torch.Tensor] = {}
    for place, module in kind.from_pretrained(folder / name).named_modules():
        if place.endswith(("to_q", "to_v")):
            out_width, in_width = module.weight.shape
            layers[f"{place}.lora_A.weight"] = torch.randn(RANK, in_width, generator=generator)
            layers[f"{place}.lora_B.weight"] = torch.randn(out_width, RANK, generator=generator)
            if dora:
                layers[f"{place}.lora_magnitude_vector"] = 2 * module.weight.detach().norm(dim=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    pipeline.save_lora_weights(path.parent, **{f"{name}_lora_layers": layers}, weight_name=path.name)
    return path


def make_image_encoder(*, width: int = SEEN_WIDTH) -> CLIPVisionModelWithProjection:
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=32,
            patch_size=16,
            projection_dim=width,
        )
    ).eval()


def save_ip_adapter(folder: Path, model: Path, *, plus: bool = False, seed: int = 0) -> Path:
    """An IP-Adapter for the model in `model`; answers its folder with `adapter.safetensors` and `image_encoder`."""
    torch.manual_seed(seed)
    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    words_width = unet.config.cross_attention_dim
    weights: dict[str, torch.Tensor] = {}
    places = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(unet.attn_processors):
        if name in places:
            out_width = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
            for letter in "kv":
                key = f"ip_adapter.{number}.to_{letter}_ip.weight"
                weights[key] = torch.randn(out_width, words_width)
    image_proj = _plus_projection(words_width) if plus else _projection(words_width)
    weights |= {f"image_proj.{name}": tensor for name, tensor in image_proj.items()}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "adapter.safetensors")
    make_image_encoder().save_pretrained(folder / "image_encoder")
    return folder


def save_controlnet(folder: Path, model: Path, *, seed: int = 0) -> Path:
    """A ControlNet for the model in `model`, which changes a lot; answers its folder."""
    torch.manual_seed(seed)
    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    # Two halvings fit the tiny models' first stages.
    network = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 8, 8))
    for block in (*network.controlnet_down_blocks, network.controlnet_mid_block):
        torch.nn.init.normal_(block.weight, std=0.2)
    torch.nn.init.normal_(network.controlnet_cond_embedding.conv_out.weight, std=0.5)
    network.save_pretrained(folder)
    return folder


def _projection(words_width: int) -> dict[str, torch.Tensor]:
    return {
        "proj.weight": torch.randn(4 * words_width, SEEN_WIDTH),
        "proj.bias": torch.randn(4 * words_width),
        "norm.weight": torch.ones(words_width),
        "norm.bias": torch.zeros(words_width),
    }


def _plus_projection(words_width: int) -> dict[str, torch.Tensor]:
    """The resampler, in the names of the released files; diffusers takes it to have four layers."""
    wide, seen = 64, 16
    weights = {
        "latents": torch.randn(1, 3, wide),
        "proj_in.weight": torch.randn(wide, seen) / 4,
        "proj_in.bias": torch.zeros(wide),
        "proj_out.weight": torch.randn(words_width, wide) / 8,
        "proj_out.bias": torch.zeros(words_width),
        "norm_out.weight": torch.ones(words_width),
        "norm_out.bias": torch.zeros(words_width),
    }
    for layer in range(4):
        for norm in ("0.norm1", "0.norm2", "1.0"):
            weights[f"layers.{layer}.{norm}.weight"] = torch.ones(wide)
            weights[f"layers.{layer}.{norm}.bias"] = torch.zeros(wide)
        weights[f"layers.{layer}.0.to_q.weight"] = torch.randn(wide, wide) / 8
        weights[f"layers.{layer}.0.to_kv.weight"] = torch.randn(2 * wide, wide) / 8
        weights[f"layers.{layer}.0.to_out.weight"] = torch.randn(wide, wide) / 8
        weights[f"layers.{layer}.1.1.weight"] = torch.randn(4 * wide, wide) / 8
        weights[f"layers.{layer}.1.3.weight"] = torch.randn(wide, 4 * wide) / 16
    return weights
