"""Networks made ready to run fast, or with little memory: fused, quantised, compiled, recorded, or off the card."""

import importlib.util
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from engine.adapters.acceleration.cpu_offload import CpuOffloader
from engine.adapters.acceleration.cuda_graphs import CudaGraphRecorder, GraphedNetwork, GraphRecorder
from engine.adapters.acceleration.row_buckets import Buckets
from engine.adapters.acceleration.text_encoders import run_on_cpu
from engine.adapters.loading.model_parts import LoadsNetworks, load_network
from engine.performance_settings import LowMemory, Quantise, Speed, TextEncoders
from studio.errors import ModelLoadError

_DENOISERS = ("unet", "transformer")
_FIRST_STAGE = "vae"
_TEXT_ENCODER = "text_encoder"
_CONVOLUTIONS = ("ResnetBlock2D",)
_CPU = torch.device("cpu")
# Sizes, buckets and sets of LoRA weights that are seen each need a variant of the same code.
_MOST_VARIANTS = 128
_this_thread = threading.local()


class TunedNetworks:
    """Loads the networks of one model; see `LoadsNetworks`. One for each model."""

    def __init__(
        self,
        speed: Speed,
        *,
        loads: LoadsNetworks = load_network,
        recorder: Callable[[torch.device], GraphRecorder] = CudaGraphRecorder,
    ) -> None:
        """`speed` as `Speed.on` answered it for the device."""
        self._speed = speed
        self._loads = loads
        self._recorder = recorder
        self._offloader = CpuOffloader(speed.low_memory)

    def __call__(self, folder: Path, name: str, *, device: torch.device, dtype: torch.dtype) -> Any:
        speed = self._speed
        if name.startswith(_TEXT_ENCODER) and speed.text_encoders is TextEncoders.CPU:
            halves = dtype is torch.float16  # slow on processors, and overflows in some encoders
            words = torch.bfloat16 if halves else dtype
            return run_on_cpu(self._loads(folder, name, device=_CPU, dtype=words), device=device)
        moves = speed.low_memory is not LowMemory.OFF
        network = self._loads(folder, name, device=_CPU if moves else device, dtype=dtype)
        if name in _DENOISERS:
            self._speed_up(network, device)
        elif name == _FIRST_STAGE and speed.compile:
            compile_blocks(network)
        elif name.startswith(_TEXT_ENCODER):
            quantise_words(network, speed.text_encoders)
        if moves:
            self._offloader.take_in(network, device=device, denoises=name in _DENOISERS)
        return network

    def _speed_up(self, denoiser: Any, device: torch.device) -> None:
        speed = self._speed
        tune(denoiser, speed)
        if speed.compile or speed.graphs:
            Buckets().put_on(denoiser)
        if speed.graphs:
            GraphedNetwork(self._recorder(device), budget_bytes=speed.graph_bytes).put_on(denoiser)


def tune(denoiser: Any, speed: Speed) -> None:
    """Fused, quantised and compiled, as far as `speed` wants it and the network can do it."""
    if speed.fuse and hasattr(denoiser, "fuse_qkv_projections"):
        with suppress(ValueError):  # of networks that take pictures beside words
            denoiser.fuse_qkv_projections()
    if speed.quantise is not Quantise.OFF:
        quantise(denoiser, speed.quantise)
    if speed.compile:
        compile_blocks(denoiser)


def compile_blocks(network: Any, **options: Any) -> None:
    """Regional compilation: the blocks that repeat, which is quick and where the time goes.

    Beside the attention that diffusers names these are the convolutions with their norms: on a card a norm would turn
    the memory layout around and back again. `options` are `torch.compile`'s. A block that cannot be compiled here, for
    want of a C compiler, say, runs as it is.
    """
    kinds = {*(getattr(network, "_repeated_blocks", None) or ()), *_CONVOLUTIONS}
    for block in network.modules():
        if type(block).__name__ in kinds:
            block.compile(**options)
    # An autoencoder is not called itself, but its halves are.
    for caller in (network, *network.children()):
        if type(caller).__name__ not in kinds:
            caller.register_forward_pre_hook(_allow_variants)


def count_compiled_graphs() -> int:
    """How many graphs this process has really compiled; 0 where everything ran as it is, for whatever reason."""
    from torch._dynamo.utils import counters

    return int(counters["stats"]["unique_graphs"])


def _allow_variants(*_: Any) -> None:
    """torch keeps its compiler's settings for each thread apart, and who loads a network is not who calls it."""
    if getattr(_this_thread, "allows_variants", False):
        return
    import torch._dynamo.config as dynamo

    dynamo.recompile_limit = _MOST_VARIANTS
    dynamo.suppress_errors = True
    _this_thread.allows_variants = True


def quantise_words(text_encoder: torch.nn.Module, wanted: TextEncoders) -> None:
    """Weights of a text encoder in 8 bits, where that is wanted. Raises `ModelLoadError`."""
    if wanted in (TextEncoders.INT8, TextEncoders.FP8):
        quantise(text_encoder, Quantise(wanted.value), setting="CHATELIER_WORKER__TEXT_ENCODERS=device")


def quantise(
    network: torch.nn.Module, wanted: Quantise, *, setting: str = "CHATELIER_SPEED__QUANTISE=off"
) -> None:
    """Weights only; sums stay in the usual precision. Raises `ModelLoadError` where torchao is not installed."""
    if importlib.util.find_spec("torchao") is None:
        raise ModelLoadError(
            f"Weights in {wanted} need the package torchao: pip install torchao. Or set {setting}."
        )
    quantization = importlib.import_module("torchao.quantization")
    kinds: Mapping[Quantise, str] = {
        Quantise.INT8: "Int8WeightOnlyConfig",
        Quantise.FP8: "Float8WeightOnlyConfig",
    }
    quantization.quantize_(network, getattr(quantization, kinds[wanted])())
