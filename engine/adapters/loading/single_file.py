"""A checkpoint in one file, turned into a folder in the diffusers layout once and for all. Without a network."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
from safetensors import safe_open
from transformers import T5Config, T5EncoderModel

from engine.adapters.loading.model_parts import LOADING, load_part, quiet
from engine.catalog.checkpoint_detection import read_header
from engine.catalog.defaults.checkpoint_traits import CheckpointTraits
from engine.catalog.model_files import INDEX, UNUSED, components, loaded_weights, read_json, weight_files
from studio.errors import ConfigurationError

# How the tensors of a part are named in checkpoints; one that is not in the file comes from the configuration's folder.
_LONG_READER, _LONG_PREFIX = "T5EncoderModel", "text_encoders.t5xxl.transformer."
_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "vae": ("first_stage_model.", "vae.", "encoder.conv_in."),
    "text_encoder": ("cond_stage_model.", "conditioner.embedders.0.", "text_encoders.clip_l."),
    "text_encoder_2": ("conditioner.embedders.1.", "text_encoders.clip_g."),
}
_DTYPES = {"F32": torch.float32, "F16": torch.float16}


def convert_checkpoint(file: Path, *, config: Path, folder: Path, traits: CheckpointTraits) -> None:
    """Write the model of a .safetensors `file` into `folder`, configured as the model in the folder `config` is.

    The scheduler expects what the UNet was trained to predict, where the `traits` of the file say it.
    Raises `ConfigurationError` where they do not fit or a part is in neither of them; `folder` then is not there.
    """
    header = read_header(file)
    kinds = Counter(tensor["dtype"] for tensor in header.values())
    dtype = _DTYPES.get(kinds.most_common(1)[0][0], torch.bfloat16)
    lacking = [name for name, (_, kind) in components(config).items() if _lacks(name, kind, header)]
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
        for name, (_, kind) in components(config).items():
            if kind == _LONG_READER and name not in parts:
                parts[name] = _load_long_reader(file, config / name, dtype)
        _load(file, config, parts, dtype).save_pretrained(unfinished, safe_serialization=True)
        if traits.v_prediction:
            _predict_v(unfinished / "scheduler" / "scheduler_config.json", zero_snr=traits.zero_snr)
    except Exception as error:  # whatever a library throws at weights of another shape
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ConfigurationError(
            f"{file.name} does not fit the configuration of {config}. Give --config the folder of a model of its kind."
        ) from error
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.replace(folder)


def _predict_v(scheduler: Path, *, zero_snr: bool) -> None:
    wanted: dict[str, Any] = {"prediction_type": "v_prediction"}
    if zero_snr:
        # https://arxiv.org/abs/2305.08891: the schedule ends in noise alone, and sampling begins there.
        wanted |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    scheduler.write_text(json.dumps(read_json(scheduler) | wanted, indent=2), encoding="utf-8")


def _lacks(name: str, kind: str, header: Mapping[str, Any]) -> bool:
    prefixes = (_LONG_PREFIX,) if kind == _LONG_READER else _PREFIXES.get(name, ())
    return bool(prefixes) and not any(key.startswith(prefixes) for key in header)


def _load_long_reader(file: Path, config: Path, dtype: torch.dtype) -> Any:
    """diffusers leaves its embeddings empty where the file has them under one of their two names only."""
    with safe_open(file, framework="pt") as opened:
        names = [key for key in opened.keys() if key.startswith(_LONG_PREFIX)]  # noqa: SIM118 - it is no mapping
        tensors = {key.removeprefix(_LONG_PREFIX): opened.get_tensor(key).to(dtype) for key in names}
    with LOADING:
        model, found = T5EncoderModel.from_pretrained(
            None,
            config=T5Config.from_pretrained(config),
            state_dict=tensors,
            dtype=dtype,
            output_loading_info=True,
        )
    if found["missing_keys"]:
        raise ValueError(f"no {min(found['missing_keys'])}")
    return model


def _load(file: Path, config: Path, parts: Mapping[str, Any], dtype: torch.dtype) -> Any:
    kind = getattr(diffusers, read_json(config / INDEX)["_class_name"])
    unused = {name: None for name in (*UNUSED, "image_encoder") if name in read_json(config / INDEX)}
    with LOADING:
        return kind.from_single_file(
            str(file), config=str(config), local_files_only=True, dtype=dtype, **unused, **parts
        )
