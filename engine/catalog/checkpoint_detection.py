"""What a folder or file that is offered as a model is, by its index, name and header alone. Unpickles nothing."""

import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.catalog.model_files import PICKLES, pipeline_class, whole
from engine.catalog.sources.gguf_header import read_tensor_names
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
    "distilled_guidance_layer.": "chroma",
    "single_stream_modulation.": "flux2-klein",
    "double_blocks.": "flux",
    "transformer_blocks.0.img_mod.": "qwen-image",
    "noise_refiner.": "z-image",
    "conditioner.embedders.": "sdxl",
    "cond_stage_model.": "sd",
    # Denoisers alone, named as in the first releases or as diffusers names them.
    "label_emb.": "sdxl",
    "add_embedding.": "sdxl",
    "input_blocks.": "sd",
    "mid_block.attentions.0.transformer_blocks.": "sd",
}
TITLES = {
    "sd": "Stable Diffusion 1 or 2",
    "sdxl": "Stable Diffusion XL",
    "sd3": "Stable Diffusion 3",
    "flux": "Flux",
    "flux2-klein": "FLUX.2",
    "chroma": "Chroma",
    "qwen-image": "Qwen-Image",
    "z-image": "Z-Image",
}
# Families whose denoisers have the same tensors as those of another one, and are loaded from the same files.
_ALIKE: Mapping[str, frozenset[str]] = {
    "flux": frozenset({"flux-kontext"}),
    "flux2-klein": frozenset({"flux2", "flux2-klein-kv"}),
    "qwen-image": frozenset({"qwen-image-edit", "qwen-image-edit-plus"}),
}
# How the first stages and text encoders are named in files that hold a whole model.
_COMPANIONS = (
    *("first_stage_model.", "vae.", "cond_stage_model.", "conditioner.embedders."),
    *("text_encoders.", "encoder.conv_in."),
)
# Parts of tensor names by which weights that are laid over a model are told apart.
_ADAPTERS = {
    "hada_": "LoHa",
    "lokr_": "LoKr",
    "oft_": "OFT",
    "dora_scale": "DoRA",
    "lora_magnitude_vector": "DoRA",
}
_CONTROLS = ("control_model.", "controlnet_cond_embedding.", "input_hint_block.")
_LOADED_ADAPTERS = frozenset({"LoRA", "DoRA"})
_HEADER_LIMIT_BYTES = 100_000_000
_METADATA = "__metadata__"


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
    names = _tensor_names(path)
    if kind := adapter_kind(names):
        raise ConfigurationError(
            f"{path.name} is a {kind}, which is laid over a model: name it as [MODEL.loras.NAME] in models.toml."
        )
    if any(mark in name for mark in _CONTROLS for name in names):
        raise ConfigurationError(
            f"{path.name} is a ControlNet, which stands beside a model: name its folder in the diffusers layout as "
            "[MODEL.controlnets] in models.toml."
        )
    family = next((family for mark, family in _MARKS.items() if any(mark in name for name in names)), None)
    if family is None:
        raise ConfigurationError(
            f"{path.name} is no checkpoint of {', '.join(TITLES.values())}. "
            "Give the model's folder in the diffusers layout."
        )
    return family


def is_denoiser_alone(path: Path) -> bool:
    """Whether a file of a known family holds no text encoder and no autoencoder."""
    return not any(name.startswith(_COMPANIONS) for name in _tensor_names(path))


def takes_denoiser(family: str, of: str) -> bool:
    """Whether a model of a family can run with the denoiser of a file of the family `of`."""
    return family == of or family in _ALIKE.get(of, ())


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Tensor name → its shape, of a .safetensors or .gguf file. Raises `ConfigurationError` for a damaged one."""
    if path.suffix == ".gguf":
        return {name: sizes[::-1] for name, sizes in read_tensor_names(path).items()}
    try:
        return {name: tuple(map(int, tensor["shape"])) for name, tensor in read_header(path).items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path.name} is damaged: it has no readable header.") from error


def check_denoiser(path: Path) -> None:
    """Raises `ModelLoadError` for a file with a denoiser that is not there, truncated or of an unknown kind."""
    if not path.is_file():
        raise ModelLoadError(
            f"The file {path.name} is not on this machine.", reason="missing_addon", file=path.name
        )
    try:
        checkpoint_family(path)
    except ConfigurationError as error:
        raise ModelLoadError(str(error)) from error
    if path.suffix == ".safetensors" and not whole(path):
        raise ModelLoadError(f"{path.name} is truncated or damaged. Fetch it again.")


def _tensor_names(path: Path) -> Mapping[str, Any]:
    if path.suffix == ".gguf":
        return read_tensor_names(path)
    if path.suffix != ".safetensors":
        raise ConfigurationError(
            f"{path.name} is no model. Give a folder in the diffusers layout, or a .safetensors or .gguf file."
        )
    return read_header(path)


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
    return {name: value for name, value in _read_whole_header(path).items() if name != _METADATA}


def read_metadata(path: Path) -> dict[str, str]:
    """What the author wrote into a .safetensors file beside its tensors; nothing of other files."""
    if path.suffix != ".safetensors":
        return {}
    found = _read_whole_header(path).get(_METADATA)
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _read_whole_header(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            (length_bytes,) = struct.unpack("<Q", file.read(8))
            if length_bytes > min(_HEADER_LIMIT_BYTES, path.stat().st_size):
                raise ValueError("a header longer than its file")
            header = json.loads(file.read(length_bytes))
        if not isinstance(header, dict):
            raise ValueError("a header that is no object")
    except (OSError, struct.error, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{path.name} is damaged: it has no readable header.") from error
    return header
