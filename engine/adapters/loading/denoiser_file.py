"""A denoiser whose weights are in one file, for a model whose other parts are in a folder."""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import torch
from diffusers import GGUFQuantizationConfig
from safetensors import safe_open

from engine.adapters.loading.model_parts import (
    LOADING,
    LoadsNetworks,
    finish_loading,
    load_network,
    quiet,
)
from engine.catalog.model_files import DENOISERS, components
from studio.errors import ModelLoadError

_PREFIX = "model.diffusion_model."


class DenoiserFromFile:
    """Loads a model's networks as `LoadsNetworks` does, the denoiser from `file`. Nothing is unpickled or fetched."""

    def __init__(self, file: Path, *, loads: LoadsNetworks = load_network) -> None:
        self._file = file
        self._loads = loads

    def __call__(self, folder: Path, name: str, *, device: torch.device, dtype: torch.dtype) -> Any:
        if name not in DENOISERS:
            return self._loads(folder, name, device=device, dtype=dtype)
        return finish_loading(load_denoiser(self._file, folder, name, dtype=dtype), device=device)


def load_denoiser(file: Path, folder: Path, name: str, *, dtype: torch.dtype) -> Any:
    """The network of a file, by the class and configuration of `name` in `folder`. Raises `ModelLoadError`.

    A .gguf file stays quantised; its sums are in `dtype`.
    """
    library, kind = components(folder)[name]
    loader: Any = getattr(importlib.import_module(library), kind, None)
    if not hasattr(loader, "from_single_file"):
        raise ModelLoadError(
            f"diffusers cannot load {kind} from a file alone. Give the folder of the whole model."
        )
    options: dict[str, Any] = {}
    if file.suffix == ".gguf":
        require_gguf(file)
        options["quantization_config"] = GGUFQuantizationConfig(compute_dtype=dtype)
    quiet()
    try:
        with LOADING:
            return loader.from_single_file(
                _contents(file, name),
                config=str(folder),
                subfolder=name,
                local_files_only=True,
                dtype=dtype,
                **options,
            )
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever a library throws at a damaged or foreign file
        raise ModelLoadError(
            f"{file.name} is damaged or no denoiser for the model in {folder.name}. "
            "Check it with: chatelier models check"
        ) from error


def _contents(file: Path, name: str) -> str | dict[str, torch.Tensor]:
    """What diffusers reads: the path of a file, or its tensors where they are named as a part of a whole checkpoint.

    Not all classes of transformers know that prefix.
    """
    if file.suffix != ".safetensors" or name != "transformer":
        return str(file)
    with safe_open(file, framework="pt") as opened:
        inside = [key for key in opened.keys() if key.startswith(_PREFIX)]  # noqa: SIM118 - it is no mapping
        return {key.removeprefix(_PREFIX): opened.get_tensor(key) for key in inside} or str(file)


def require_gguf(file: Path) -> None:
    """Raises `ModelLoadError` where the package that reads such files is not installed."""
    if importlib.util.find_spec("gguf") is None:
        raise ModelLoadError(f"{file.name} needs the package gguf: pip install gguf.")
