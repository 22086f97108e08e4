"""The tiny Stable Diffusion model in one file, with tensors named as the first releases of the model named them."""

import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

_RESNET = (
    (r"\.norm1\.", ".in_layers.0."),
    (r"\.conv1\.", ".in_layers.2."),
    (r"\.time_emb_proj\.", ".emb_layers.1."),
    (r"\.norm2\.", ".out_layers.0."),
    (r"\.conv2\.", ".out_layers.3."),
    (r"\.conv_shortcut\.", ".skip_connection."),
)
_UNET = (
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
