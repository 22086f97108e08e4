"""Loading a model's parts, each with its own class, and what can be wrong with them."""

import importlib
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import torch
from diffusers.utils import logging as diffusers_logging
from torch.utils._python_dispatch import is_traceable_wrapper_subclass
from transformers.utils import logging as transformers_logging

from engine.catalog.model_files import components, loaded_weights
from studio.errors import ModelLoadError

# While weights are loaded, parameters of every module made anywhere in the process are put aside as empty ones
# (accelerate.init_empty_weights). Two threads that do so at once never take that back.
LOADING = threading.RLock()

# Processors of words, pictures and films load torchvision, which nothing here needs: the half that is used instead.
_HALVES = {
    "PixtralProcessor": "AutoTokenizer",
    "Qwen2VLProcessor": "Qwen2VLImageProcessorPil",
    "Qwen2_5_VLProcessor": "Qwen2VLImageProcessorPil",
}
TORCHVISION_PROCESSORS = frozenset(_HALVES)
_NAMED = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_device(wanted: str | None = None) -> torch.device:
    """The device asked for, else CUDA, MPS or the CPU, whichever comes first on this machine."""
    if wanted:
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def has_card() -> bool:
    """Whether there is a CUDA device."""
    return torch.cuda.is_available()


def device_name(device: torch.device) -> str:
    """The kind of card, such as ``NVIDIA H200``; elsewhere the kind of device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def use_threads(threads: int | None) -> None:
    """CPU threads of a step; None leaves torch's choice."""
    if threads:
        torch.set_num_threads(threads)


def choose_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """`auto` is bfloat16 on a GPU that has it, float16 on one that has not, and float32 on a CPU."""
    if wanted != "auto":
        return _NAMED[wanted]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.float16 if device.type == "mps" else torch.float32


def load_part(folder: Path, name: str, *, dtype: torch.dtype | None = None) -> Any:
    """One component by the class that the model's index names; with a `dtype` for those that have weights.

    Raises `ModelLoadError` for anything wrong with it.
    """
    found = components(folder).get(name)
    if found is None:
        raise ModelLoadError(f"The model folder {folder.name} names no {name} in its model_index.json.")
    library, kind = found
    options: dict[str, Any] = {}
    if dtype is not None:
        options = {"dtype": dtype, "use_safetensors": True, "variant": loaded_weights(folder / name)[0]}
    quiet()
    try:
        with LOADING:
            loader = getattr(importlib.import_module(library), _HALVES.get(kind, kind))
            part = loader.from_pretrained(folder / name, **options)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever a library throws at a damaged file
        raise ModelLoadError(
            f"The model {folder.name} cannot be loaded: its {name} is damaged or does not fit its configuration. "
            "Check it with: chatelier models check"
        ) from error
    return part


class LoadsNetworks(Protocol):
    """Where a model has its networks from: on the device, ready to run."""

    def __call__(self, folder: Path, name: str, *, device: torch.device, dtype: torch.dtype) -> Any: ...


def load_network(folder: Path, name: str, *, device: torch.device, dtype: torch.dtype) -> Any:
    """A component with its weights. Raises `ModelLoadError`."""
    return finish_loading(load_part(folder, name, dtype=dtype), device=device)


def random_network(folder: Path, name: str, *, device: torch.device, dtype: torch.dtype) -> Any:
    """A component as its configuration describes it, with random weights: for measuring speed."""
    library, kind_name = components(folder)[name]
    kind = getattr(importlib.import_module(library), kind_name)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with LOADING, device:
            if library == "diffusers":
                network = kind.from_config(kind.load_config(folder / name))
            else:
                network = kind(kind.config_class.from_pretrained(folder / name))
    finally:
        torch.set_default_dtype(usual)
    return finish_loading(network, device=device)


def contiguous_network(folder: Path, name: str, *, device: torch.device, dtype: torch.dtype) -> Any:
    """The same in the usual memory layout, as diffusers loads it."""
    network = random_network(folder, name, device=device, dtype=dtype)
    return network.to(memory_format=torch.contiguous_format)


def finish_loading(network: Any, *, device: torch.device) -> Any:
    """The network on the device, ready to run and not to be trained."""
    network.requires_grad_(False)
    network.eval()
    return network.to(device=device, memory_format=memory_format(network))


def memory_format(network: Any) -> torch.memory_format:
    """Channels last for networks of pictures; those of films have no such layout."""
    dimensions = {parameter.dim() for parameter in network.parameters()}
    return torch.channels_last if 4 in dimensions and 5 not in dimensions else torch.preserve_format


@cache
def quiet() -> None:
    """A worker's log is no place for progress bars."""
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()


def size_bytes(networks: Iterable[Any]) -> int:
    """What the parameters and buffers of networks take."""
    return sum(
        _tensor_bytes(tensor)
        for network in networks
        for tensor in (*network.parameters(), *network.buffers())
    )


def _tensor_bytes(tensor: Any) -> int:
    """A quantised tensor looks like what it stands for, and consists of smaller ones."""
    if is_traceable_wrapper_subclass(tensor):
        names, _ = tensor.__tensor_flatten__()
        return sum(_tensor_bytes(getattr(tensor, name)) for name in names)
    return int(tensor.numel() * tensor.element_size())
