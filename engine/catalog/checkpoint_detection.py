"""What a folder or file that is offered as a model is, by its index, name and header alone. Unpickles nothing."""

import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.catalog.model_files import pipeline_class
from studio.errors import ConfigurationError, ModelLoadError

AUTO = "auto"  # a family that is read from the model's folder when it is there
WHOLE_CALLS = "pipeline"
# Pipeline classes that are driven step by step; every other class of diffusers runs in whole calls.
_FAMILIES: Mapping[str, str] = {
    "ChromaImg2ImgPipeline": "chroma",
    "ChromaInpaintPipeline": "chroma",
    "ChromaPipeline": "chroma",
    "Flux2KleinInpaintPipeline": "flux2-klein",
    "Flux2KleinKVPipeline": "flux2-klein-kv",
    "Flux2KleinPipeline": "flux2-klein",
    "Flux2Pipeline": "flux2",
    "FluxImg2ImgPipeline": "flux",
    "FluxInpaintPipeline": "flux",
    "FluxKontextInpaintPipeline": "flux-kontext",
    "FluxKontextPipeline": "flux-kontext",
    "FluxPipeline": "flux",
    "LatentConsistencyModelImg2ImgPipeline": "sd",
    "LatentConsistencyModelPipeline": "sd",
    "QwenImageEditInpaintPipeline": "qwen-image-edit",
    "QwenImageEditPipeline": "qwen-image-edit",
    "QwenImageEditPlusPipeline": "qwen-image-edit-plus",
    "QwenImageImg2ImgPipeline": "qwen-image",
    "QwenImageInpaintPipeline": "qwen-image",
    "QwenImagePipeline": "qwen-image",
    "StableDiffusion3Img2ImgPipeline": "sd3",
    "StableDiffusion3InpaintPipeline": "sd3",
    "StableDiffusion3Pipeline": "sd3",
    "StableDiffusionImg2ImgPipeline": "sd",
    "StableDiffusionInpaintPipeline": "sd",
    "StableDiffusionPipeline": "sd",
    "StableDiffusionXLImg2ImgPipeline": "sdxl",
    "StableDiffusionXLInpaintPipeline": "sdxl",
    "StableDiffusionXLPipeline": "sdxl",
    "ZImageImg2ImgPipeline": "z-image",
    "ZImageInpaintPipeline": "z-image",
    "ZImagePipeline": "z-image",
}
# Parts of tensor names by which checkpoints in one file are told apart; the first that is found counts.
_MARKS = {
    "joint_blocks.": "sd3",
    "double_blocks.": "flux",
    "conditioner.embedders.": "sdxl",
    "cond_stage_model.": "sd",
}
TITLES = {
    "sd": "Stable Diffusion 1 or 2",
    "sdxl": "Stable Diffusion XL",
    "sd3": "Stable Diffusion 3",
    "flux": "Flux",
}
PICKLES = (".ckpt", ".bin", ".pt", ".pth")
# Parts of tensor names by which weights that are laid over a model are told apart.
_ADAPTERS = {
    "hada_": "LoHa",
    "lokr_": "LoKr",
    "oft_": "OFT",
    "dora_scale": "DoRA",
    "lora_magnitude_vector": "DoRA",
}
_LOADED_ADAPTERS = frozenset({"LoRA", "DoRA"})
_HEADER_LIMIT_BYTES = 100_000_000


def family_of(folder: Path) -> str:
    """The family of a folder in the diffusers layout. Raises `ModelLoadError` for one without a readable index."""
    return _FAMILIES.get(pipeline_class(folder), WHOLE_CALLS)


def check_family(name: str, family: str, folder: Path) -> None:
    """Raises `ModelLoadError` where the catalogue gives a model another family than its index names."""
    found = family_of(folder)
    if family not in {AUTO, WHOLE_CALLS, found} and found != WHOLE_CALLS:
        raise ModelLoadError(
            f"The model {name} stands in the catalogue as {family}, but its folder is of the family {found} "
            f'({pipeline_class(folder)}). Change the catalogue to family = "{found}".'
        )


def checkpoint_family(path: Path) -> str:
    """The family of a checkpoint in one file. Raises `ConfigurationError` with what to do about any other file."""
    if path.suffix in PICKLES:
        raise ConfigurationError(
            f"{path.name} is a pickle, which can run the code of its author: it is not read. "
            "Take the .safetensors file of the same model."
        )
    if path.suffix == ".gguf":
        raise ConfigurationError(
            f"{path.name} is a GGUF file, the quantised denoiser of a model alone: it is not read. Take the model's "
            "folder in the diffusers layout, and CHATELIER_SPEED__QUANTISE=int8 for less memory."
        )
    if path.suffix != ".safetensors":
        raise ConfigurationError(
            f"{path.name} is no model. Give a folder in the diffusers layout or a .safetensors file."
        )
    names = read_header(path)
    if kind := adapter_kind(names):
        raise ConfigurationError(
            f"{path.name} is a {kind}, which is laid over a model: name it as [MODEL.loras.NAME] in models.toml."
        )
    family = next((family for mark, family in _MARKS.items() if any(mark in name for name in names)), None)
    if family is None:
        raise ConfigurationError(
            f"{path.name} is no checkpoint of {', '.join(TITLES.values())}. "
            "Give the model's folder in the diffusers layout."
        )
    return family


def check_lora(path: Path) -> None:
    """Raises `ModelLoadError` for a file that is not there, or cannot be laid over a model, naming what it is."""
    if not path.is_file():
        raise ModelLoadError(f"The file {path.name} is not on this machine.")
    if path.suffix != ".safetensors":
        raise ModelLoadError(f"{path.name} is no .safetensors file. Pickles are not read: they can run code.")
    try:
        kind = adapter_kind(read_header(path))
    except ConfigurationError as error:
        raise ModelLoadError(str(error)) from error
    if kind and kind not in _LOADED_ADAPTERS:
        raise ModelLoadError(f"{path.name} is a {kind}, not a LoRA: only LoRA and DoRA weights can be used.")


def adapter_kind(names: Mapping[str, Any]) -> str | None:
    """LoRA, DoRA, LoHa and so on, by the names of tensors; None for weights of another kind."""
    for mark, kind in _ADAPTERS.items():
        if any(mark in name for name in names):
            return kind
    return "LoRA" if any(re.search(r"[._]lora[._]|\.lora_[AB]\.", name) for name in names) else None


def read_header(path: Path) -> dict[str, Any]:
    """Tensor name → dtype and shape of a safetensors file. Raises `ConfigurationError` for a damaged one."""
    try:
        with path.open("rb") as file:
            (length_bytes,) = struct.unpack("<Q", file.read(8))
            if length_bytes > min(_HEADER_LIMIT_BYTES, path.stat().st_size):
                raise ValueError("a header longer than its file")
            header = json.loads(file.read(length_bytes))
        return {name: value for name, value in header.items() if name != "__metadata__"}
    except (OSError, struct.error, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{path.name} is damaged: it has no readable header.") from error
