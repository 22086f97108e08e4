"""Tiny models of Stable Diffusion and Flux in one file, with tensors named as the first releases named them."""

import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from tests.support.tiny_denoiser_files import Tensors, load_part, name_flux, name_sd3

_RESNET = (
    (r"\.norm1\.", ".in_layers.0."),
    (r"\.conv1\.", ".in_layers.2."),
    (r"\.time_emb_proj\.", ".emb_layers.1."),
    (r"\.norm2\.", ".out_layers.0."),
    (r"\.conv2\.", ".out_layers.3."),
    (r"\.conv_shortcut\.", ".skip_connection."),
)
_UNET = (
    (r"^add_embedding\.linear_1", "label_emb.0.0"),
    (r"^add_embedding\.linear_2", "label_emb.0.2"),
    (r"^time_embedding\.linear_1", "time_embed.0"),
    (r"^time_embedding\.linear_2", "time_embed.2"),
    (r"^conv_in", "input_blocks.0.0"),
    (r"^down_blocks\.0\.resnets\.0", "input_blocks.1.0"),
    (r"^down_blocks\.0\.downsamplers\.0\.conv", "input_blocks.2.0.op"),
    (r"^down_blocks\.1\.resnets\.0", "input_blocks.3.0"),
    (r"^down_blocks\.1\.attentions\.0", "input_blocks.3.1"),
    (r"^mid_block\.resnets\.0", "middle_block.0"),
    (r"^mid_block\.attentions\.0", "middle_block.1"),
    (r"^mid_block\.resnets\.1", "middle_block.2"),
    (r"^up_blocks\.0\.resnets\.(\d)", r"output_blocks.\1.0"),
    (r"^up_blocks\.0\.attentions\.(\d)", r"output_blocks.\1.1"),
    (r"^up_blocks\.0\.upsamplers\.0", "output_blocks.1.2"),
    (r"^up_blocks\.1\.resnets\.0", "output_blocks.2.0"),
    (r"^up_blocks\.1\.resnets\.1", "output_blocks.3.0"),
    (r"^conv_norm_out", "out.0"),
    (r"^conv_out", "out.2"),
)
_VAE = (
    (r"\.down_blocks\.(\d)\.resnets\.(\d)", r".down.\1.block.\2"),
    (r"\.down_blocks\.(\d)\.downsamplers\.0", r".down.\1.downsample"),
    (r"\.mid_block\.resnets\.0", ".mid.block_1"),
    (r"\.mid_block\.resnets\.1", ".mid.block_2"),
    (r"\.mid_block\.attentions\.0\.group_norm", ".mid.attn_1.norm"),
    (r"\.mid_block\.attentions\.0\.to_out\.0", ".mid.attn_1.proj_out"),
    (r"\.mid_block\.attentions\.0\.to_", ".mid.attn_1."),
    (r"\.up_blocks\.(\d)\.resnets\.(\d)", r".up.\1.block.\2"),
    (r"\.up_blocks\.(\d)\.upsamplers\.0", r".up.\1.upsample"),
    (r"\.conv_shortcut", ".nin_shortcut"),
    (r"\.conv_norm_out", ".norm_out"),
)
_OPEN_CLIP = (
    (r"^text_model\.encoder\.layers\.", "transformer.resblocks."),
    (r"\.layer_norm([12])\.", r".ln_\1."),
    (r"\.fc1\.", ".c_fc."),
    (r"\.fc2\.", ".c_proj."),
    (r"\.self_attn\.[qkv]_proj\.", ".attn.in_proj_"),
    (r"\.self_attn\.", ".attn."),
    (r"^text_model\.embeddings\.position_embedding\.weight", "positional_embedding"),
    (r"^text_model\.embeddings\.token_embedding", "token_embedding"),
    (r"^text_model\.final_layer_norm", "ln_final"),
    (r"^text_projection\.weight", "text_projection"),
)
_LEVELS = 3  # of the first stage; its decoder counts them from the other end


def save_checkpoint(folder: Path, path: Path, *, without: tuple[str, ...] = ()) -> Path:
    """The model in `folder` as one file, some parts left out; answers its path."""
    named = {"unet": _name_unet, "vae": _name_vae, "text_encoder": _name_text_encoder}
    tensors: dict[str, torch.Tensor] = {}
    for part, name_of in named.items():
        if part not in without:
            for name, tensor in load_file(next((folder / part).glob("*.safetensors"))).items():
                tensors |= name_of(name, tensor)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


def _name_unet(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    resnet = _RESNET if "resnets" in name else ()
    return {f"model.diffusion_model.{_renamed(name, (*_UNET, *resnet))}": tensor}


def _name_vae(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    renamed = re.sub(
        r"^decoder\.up\.(\d)", lambda found: f"decoder.up.{_LEVELS - 1 - int(found[1])}", _renamed(name, _VAE)
    )
    attends = ".attn_1." in renamed and ".norm." not in renamed and renamed.endswith("weight")
    return {f"first_stage_model.{renamed}": tensor[..., None, None] if attends else tensor}


def _name_text_encoder(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    return {f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}": tensor}


def _renamed(name: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for pattern, new in pairs:
        name = re.sub(pattern, new, name)
    return name


def save_whole(folder: Path, path: Path, *, family: str) -> Path:
    """A whole SDXL, Stable Diffusion 3 or Flux as one file; answers its path."""
    tensors: Tensors = {}
    for name, tensor in load_part(folder, "vae").items():
        tensors |= _name_vae(name, tensor)
    if family == "sdxl":
        for name, tensor in load_part(folder, "unet").items():
            tensors |= _name_unet(name, tensor)
        tensors |= _clip(folder, "text_encoder", prefix="conditioner.embedders.0.transformer.")
        tensors |= _open_clip(load_part(folder, "text_encoder_2"), prefix="conditioner.embedders.1.model.")
    else:
        named = name_sd3 if family == "sd3" else name_flux
        denoiser = named(load_part(folder, "transformer"))
        tensors |= {f"model.diffusion_model.{name}": tensor for name, tensor in denoiser.items()}
        tensors |= _clip(folder, "text_encoder", prefix="text_encoders.clip_l.transformer.")
        long = "text_encoder_2"
        if family == "sd3":
            tensors |= _clip(folder, "text_encoder_2", prefix="text_encoders.clip_g.transformer.")
            long = "text_encoder_3"
        found = load_part(folder, long).items()
        tensors |= {f"text_encoders.t5xxl.transformer.{name}": tensor for name, tensor in found}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


def _clip(folder: Path, part: str, *, prefix: str) -> Tensors:
    named: Tensors = {}
    for name, tensor in load_part(folder, part).items():
        inside = "" if name.startswith("text_projection") else "text_model."
        named[f"{prefix}{inside}{name.removeprefix('text_model.')}"] = tensor
    return named


def _open_clip(tensors: Tensors, *, prefix: str) -> Tensors:
    """Query, key and value stand one below the other, and the projection is transposed."""
    parts: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        order = found[1] if (found := re.search(r"\.([qkv])_proj\.", name)) else ""
        value = tensor.T if name.startswith("text_projection") else tensor
        parts.setdefault(f"{prefix}{_renamed(name, _OPEN_CLIP)}", {})[order] = value
    return {
        name: torch.cat([found[key] for key in ("q", "k", "v")]) if "q" in found else found[""]
        for name, found in parts.items()
    }
