"""A checkpoint in one file, turned into a folder in the diffusers layout once and for all. Without a network."""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch

from engine.adapters.loading.model_parts import LOADING, load_part, quiet
from engine.catalog.checkpoint_detection import read_header
from engine.catalog.model_files import INDEX, UNUSED, components, loaded_weights, read_json, weight_files
from studio.errors import ConfigurationError

# How the tensors of a part are named in checkpoints; one that is not in the file comes from the configuration's folder.
_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "vae": ("first_stage_model.", "vae.", "encoder.conv_in."),
    "text_encoder": ("cond_stage_model.", "conditioner.embedders.0.", "text_encoders.clip_l."),
    "text_encoder_2": ("conditioner.embedders.1.", "text_encoders.clip_g."),
    "text_encoder_3": ("text_encoders.t5xxl.",),
}
_DTYPES = {"F32": torch.float32, "F16": torch.float16}


def convert_checkpoint(file: Path, *, config: Path, folder: Path) -> None:
    """Write the model of a .safetensors `file` into `folder`, configured as the model in the folder `config` is.

    Raises `ConfigurationError` where they do not fit or a part is in neither of them; `folder` then is not there.
    """
    header = read_header(file)
    kinds = Counter(tensor["dtype"] for tensor in header.values())
    dtype = _DTYPES.get(kinds.most_common(1)[0][0], torch.bfloat16)
    lacking = [name for name in components(config) if _lacks(name, header)]
    for name in lacking:
        if not loaded_weights(config / name)[1]:
            raise ConfigurationError(
                f"{file.name} has no {name}, and neither has {config}. Give --config a folder with its weights."
            )
    # diffusers takes what the file lacks from the configuration's folder, pickles too where there is nothing else.
    for path in weight_files(config):
        if path.suffix != ".safetensors" and not loaded_weights(path.parent)[1]:
            raise ConfigurationError(
                f"{config} has its {path.parent.name} as a pickle, which is not read. Give --config another folder."
            )
    quiet()
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        parts = {name: load_part(config, name, dtype=dtype) for name in lacking}
        _load(file, config, parts, dtype).save_pretrained(unfinished, safe_serialization=True)
    except Exception as error:  # whatever a library throws at weights of another shape
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ConfigurationError(
            f"{file.name} does not fit the configuration of {config}. Give --config the folder of a model of its kind."
        ) from error
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.replace(folder)


def _lacks(name: str, header: Mapping[str, Any]) -> bool:
    return name in _PREFIXES and not any(key.startswith(_PREFIXES[name]) for key in header)


def _load(file: Path, config: Path, parts: Mapping[str, Any], dtype: torch.dtype) -> Any:
    kind = getattr(diffusers, read_json(config / INDEX)["_class_name"])
    unused = {name: None for name in (*UNUSED, "image_encoder") if name in read_json(config / INDEX)}
    with LOADING:
        return kind.from_single_file(
            str(file), config=str(config), local_files_only=True, dtype=dtype, **unused, **parts
        )
