"""Denoisers of tiny models, with tensors named as the first release of each family named them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]
Rules = tuple[tuple[str, str], ...]
_ORDER = ("q", "k", "v", "m")  # of tensors that stand one below the other in one

_LINEAR = ((r"\.linear_1\.", ".in_layer."), (r"\.linear_2\.", ".out_layer."))
_ENDS: Rules = (
    (r"^x_embedder\.", "img_in."),
    (r"^context_embedder\.", "txt_in."),
    (r"^proj_out\.", "final_layer.linear."),
    (r"^norm_out\.linear\.", "final_layer.adaLN_modulation.1."),
)
_NORMS: Rules = (
    (r"\.attn\.norm_added_q\.weight", ".txt_attn.norm.query_norm.scale"),
    (r"\.attn\.norm_added_k\.weight", ".txt_attn.norm.key_norm.scale"),
)
_DOUBLE: Rules = (
    *_NORMS,
    (r"\.attn\.norm_q\.weight", ".img_attn.norm.query_norm.scale"),
    (r"\.attn\.norm_k\.weight", ".img_attn.norm.key_norm.scale"),
    (r"\.attn\.to_out\.0\.", ".img_attn.proj."),
    (r"\.attn\.to_add_out\.", ".txt_attn.proj."),
    (r"\.ff\.net\.0\.proj\.|\.ff\.linear_in\.", ".img_mlp.0."),
    (r"\.ff\.net\.2\.|\.ff\.linear_out\.", ".img_mlp.2."),
    (r"\.ff_context\.net\.0\.proj\.|\.ff_context\.linear_in\.", ".txt_mlp.0."),
    (r"\.ff_context\.net\.2\.|\.ff_context\.linear_out\.", ".txt_mlp.2."),
    (r"\.norm1\.linear\.", ".img_mod.lin."),
    (r"\.norm1_context\.linear\.", ".txt_mod.lin."),
    (r"\.attn\.to_[qkv]\.", ".img_attn.qkv."),
    (r"\.attn\.add_[qkv]_proj\.", ".txt_attn.qkv."),
    (r"^transformer_blocks\.", "double_blocks."),
)
_SINGLE: Rules = (
    (r"\.attn\.norm_q\.weight", ".norm.query_norm.scale"),
    (r"\.attn\.norm_k\.weight", ".norm.key_norm.scale"),
    (r"\.norm\.linear\.", ".modulation.lin."),
    (r"\.proj_out\.|\.attn\.to_out\.", ".linear2."),
    (r"\.attn\.to_[qkv]\.|\.proj_mlp\.|\.attn\.to_qkv_mlp_proj\.", ".linear1."),
    (r"^single_transformer_blocks\.", "single_blocks."),
)
_EMBEDDERS: Rules = (
    (r"^time_\w+_embed\.timestep_embedder", "time_in"),
    (r"^time_\w+_embed\.text_embedder", "vector_in"),
    (r"^time_\w+_embed\.guidance_embedder", "guidance_in"),
    (r"^(\w+_stream_modulation\w*)\.linear\.", r"\1.lin."),
    (r"^distilled_guidance_layer\.norms\.(\d+)\.weight", r"distilled_guidance_layer.norms.\1.scale"),
    *_LINEAR,
)
_JOINT: Rules = (
    (r"\.attn\.norm_added_([qk])\.", r".context_block.attn.ln_\1."),
    (r"\.(attn2?)\.norm_([qk])\.", r".x_block.\1.ln_\2."),
    (r"\.(attn2?)\.to_out\.0\.", r".x_block.\1.proj."),
    (r"\.attn\.to_add_out\.", ".context_block.attn.proj."),
    (r"\.(attn2?)\.to_[qkv]\.", r".x_block.\1.qkv."),
    (r"\.attn\.add_[qkv]_proj\.", ".context_block.attn.qkv."),
    (r"\.norm1\.linear\.", ".x_block.adaLN_modulation.1."),
    (r"\.norm1_context\.linear\.", ".context_block.adaLN_modulation.1."),
    (r"\.ff\.net\.0\.proj\.", ".x_block.mlp.fc1."),
    (r"\.ff\.net\.2\.", ".x_block.mlp.fc2."),
    (r"\.ff_context\.net\.0\.proj\.", ".context_block.mlp.fc1."),
    (r"\.ff_context\.net\.2\.", ".context_block.mlp.fc2."),
    (r"^transformer_blocks\.", "joint_blocks."),
)
_SD3_ENDS: Rules = (
    (r"^pos_embed\.pos_embed", "pos_embed"),
    (r"^pos_embed\.proj\.", "x_embedder.proj."),
    (r"^time_text_embed\.timestep_embedder\.linear_1", "t_embedder.mlp.0"),
    (r"^time_text_embed\.timestep_embedder\.linear_2", "t_embedder.mlp.2"),
    (r"^time_text_embed\.text_embedder\.linear_1", "y_embedder.mlp.0"),
    (r"^time_text_embed\.text_embedder\.linear_2", "y_embedder.mlp.2"),
    (r"^proj_out\.", "final_layer.linear."),
    (r"^norm_out\.linear\.", "final_layer.adaLN_modulation.1."),
)


def name_flux(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """Of Flux, Chroma or FLUX.2, as Black Forest Labs name them."""

    def rules(name: str) -> Rules:
        if name.startswith("single_transformer_blocks."):
            return _SINGLE
        return _DOUBLE if name.startswith("transformer_blocks.") else (*_ENDS, *_EMBEDDERS)

    return _named(tensors, rules)


def name_sd3(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """Of Stable Diffusion 3, as Stability AI name them."""
    last = max(int(match[1]) for name in tensors if (match := re.match(r"transformer_blocks\.(\d+)", name)))
    swapped = {
        name: _swap(tensor) if name.startswith(f"transformer_blocks.{last}.norm1_context.") else tensor
        for name, tensor in tensors.items()
    }
    return _named(swapped, lambda name: _JOINT if name.startswith("transformer_blocks.") else _SD3_ENDS)


def name_plainly(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """As diffusers does, as Qwen-Image and Z-Image were released."""
    return dict(tensors)


def _named(tensors: Mapping[str, torch.Tensor], rules: Callable[[str], Rules]) -> Tensors:
    parts: dict[str, list[tuple[int, torch.Tensor]]] = {}
    for name, tensor in tensors.items():
        new = name
        for pattern, replacement in rules(name):
            new = re.sub(pattern, replacement, new)
        found = re.search(r"\.(?:to|add|proj)_([qkvm])(?:lp|_proj)?\.(?:weight|bias)$", name)
        value = _swap(tensor) if name.startswith("norm_out.linear.") else tensor
        parts.setdefault(new, []).append((_ORDER.index(found[1]) if found else 0, value))
    return {
        name: torch.cat([tensor for _, tensor in sorted(found, key=lambda part: part[0])])
        for name, found in parts.items()
    }


def _swap(tensor: torch.Tensor) -> torch.Tensor:
    """Scale and shift stand the other way round."""
    return torch.cat(tensor.chunk(2)[::-1])


def load_part(folder: Path, part: str) -> Tensors:
    tensors: Tensors = {}
    for file in (folder / part).glob("*.safetensors"):
        tensors |= load_file(file)
    return tensors


def save_denoiser(
    folder: Path, path: Path, *, name: Callable[[Mapping[str, torch.Tensor]], Tensors], prefix: str = ""
) -> Path:
    """The denoiser in `folder` as one file; answers its path."""
    part = "unet" if (folder / "unet").is_dir() else "transformer"
    named = name(load_part(folder, part))
    save_file({f"{prefix}{key}": tensor.contiguous() for key, tensor in named.items()}, path)
    return path


def scale_widths(monkeypatch: pytest.MonkeyPatch) -> None:
    """diffusers splits the tensors of Flux and Chroma at the widths of the published models, which are 3072 wide."""
    from diffusers.loaders import single_file_utils

    def split(tensor: torch.Tensor, sizes: Any, dim: int = 0) -> Any:
        share = tensor.shape[dim] / sum(sizes)
        return torch.split(tensor, [round(size * share) for size in sizes], dim=dim)

    scaled = SimpleNamespace(**{**vars(torch), "split": split})
    monkeypatch.setattr(single_file_utils, "torch", scaled)
