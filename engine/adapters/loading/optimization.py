"""Networks made ready to run fast, or with little memory: fused, quantised, compiled, padded, sent away and fetched."""

import importlib.util
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

import torch
from accelerate.hooks import ModelHook, add_hook_to_module  # type: ignore[import-untyped]
from accelerate.utils import send_to_device  # type: ignore[import-untyped]
from torch.utils._pytree import tree_map

from engine.adapters.loading.model_parts import LoadsNetworks, load_network
from engine.performance_settings import LowMemory, Quantise, Speed
from studio.errors import ModelLoadError

# Rows are padded up to these, so that a compiled or tuned denoiser meets few shapes, whatever joins or leaves. The
# steps are small enough that at most a third of a forward pass is padding.
BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64)
_DENOISERS = ("unet", "transformer")
_FIRST_STAGE = "vae"
_CONVOLUTIONS = ("ResnetBlock2D",)
_CPU = torch.device("cpu")
# Sizes, buckets and sets of LoRA weights that are seen each need a variant of the same code.
_MOST_VARIANTS = 128
_this_thread = threading.local()
# Inputs of a transformer that have no row for each image.
_WITHOUT_ROWS = frozenset({"txt_ids", "img_ids"})


class TunedNetworks:
    """Loads the networks of one model; see `LoadsNetworks`. One for each model."""

    def __init__(self, speed: Speed, *, loads: LoadsNetworks = load_network) -> None:
        """`speed` as `Speed.on` answered it for the device."""
        self._speed = speed
        self._loads = loads
        self._offloader = CpuOffloader(speed.low_memory)

    def __call__(self, folder: Path, name: str, *, device: torch.device, dtype: torch.dtype) -> Any:
        speed = self._speed
        moves = speed.low_memory is not LowMemory.OFF
        network = self._loads(folder, name, device=_CPU if moves else device, dtype=dtype)
        if name in _DENOISERS:
            tune(network, speed)
            if speed.compile:
                Buckets().put_on(network)
        elif name == _FIRST_STAGE and self._speed.compile:
            compile_blocks(network)
        if moves:
            self._offloader.take_in(network, device=device, denoises=name in _DENOISERS)
        return network


def tune(denoiser: Any, speed: Speed) -> None:
    """Fused, quantised and compiled, as far as `speed` wants it and the network can do it."""
    if speed.fuse and hasattr(denoiser, "fuse_qkv_projections"):
        with suppress(ValueError):  # of networks that take pictures beside words
            denoiser.fuse_qkv_projections()
    if speed.quantise is not Quantise.OFF:
        quantise(denoiser, speed.quantise)
    if speed.compile:
        compile_blocks(denoiser)


class Buckets:
    """Pads the rows of a network's input up to one of a few sizes and cuts its answer down again."""

    def __init__(self, sizes: tuple[int, ...] = BUCKETS) -> None:
        self._sizes = sizes
        self._rows: int | None = None

    def put_on(self, network: torch.nn.Module) -> None:
        network.register_forward_pre_hook(self._pad, with_kwargs=True)
        network.register_forward_hook(self._cut)

    def _pad(
        self, _network: torch.nn.Module, args: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        rows = len(args[0]) if args else len(named["hidden_states"])
        wanted = next((size for size in self._sizes if size >= rows), rows)
        self._rows = rows if wanted != rows else None
        if self._rows is None:
            return args, named

        def grow(value: Any) -> Any:
            if not isinstance(value, torch.Tensor) or not value.dim() or len(value) != rows:
                return value
            more = value[-1:].expand(wanted - rows, *value.shape[1:])
            grown = torch.cat([value, more])
            channels_last = value.dim() == 4 and value.is_contiguous(memory_format=torch.channels_last)
            return grown.contiguous(memory_format=torch.channels_last) if channels_last else grown

        def grow_all(value: Any) -> Any:
            # A list has something for each row; deeper in its tensors, the first dimension is another one.
            if isinstance(value, list):
                return value + value[-1:] * (wanted - rows) if len(value) == rows else value
            if hasattr(value, "with_rows"):  # keys and values that a model keeps
                return value.with_rows(wanted)
            return tree_map(grow, value)

        padded = {name: value if name in _WITHOUT_ROWS else grow_all(value) for name, value in named.items()}
        return tuple(map(grow_all, args)), padded

    def _cut(self, _network: torch.nn.Module, _args: Any, answer: Any) -> Any:
        rows, self._rows = self._rows, None
        if rows is None:
            return answer

        def cut(value: Any) -> Any:
            return value[:rows] if isinstance(value, (torch.Tensor, list)) else value

        return tree_map(cut, answer, is_leaf=lambda value: isinstance(value, list))


def compile_blocks(network: Any, **options: Any) -> None:
    """Regional compilation: the blocks that repeat, which is quick and where the time goes.

    Beside the attention that diffusers names these are the convolutions with their norms: on a card a norm would turn
    the memory layout around and back again. `options` are `torch.compile`'s. A block that cannot be compiled here, for
    want of a C compiler, say, runs as it is.
    """
    torch.backends.cudnn.benchmark = True
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


def quantise(denoiser: torch.nn.Module, wanted: Quantise) -> None:
    """Weights only; sums stay in the usual precision. Raises `ModelLoadError` where torchao is not installed."""
    if importlib.util.find_spec("torchao") is None:
        raise ModelLoadError(
            f"Weights in {wanted} need the package torchao: pip install torchao. Or set CHATELIER_SPEED__QUANTISE=off."
        )
    quantization = importlib.import_module("torchao.quantization")
    kinds: Mapping[Quantise, str] = {
        Quantise.INT8: "Int8WeightOnlyConfig",
        Quantise.FP8: "Float8WeightOnlyConfig",
    }
    quantization.quantize_(denoiser, getattr(quantization, kinds[wanted])())


class CpuOffloader:
    """Fetches a model's networks to the device when they are called, and sends others to the CPU.

    In `PARTS` the denoiser stays once it came; in `WHOLE` it makes way while a text encoder or the autoencoder works.
    """

    def __init__(self, mode: LowMemory) -> None:
        self._mode = mode
        # Weak: a model that is unloaded must not stay in memory for having been offloaded here.
        self._here: WeakSet[torch.nn.Module] = WeakSet()
        self._resident: WeakSet[torch.nn.Module] = WeakSet()  # those that never make way

    def take_in(self, network: Any, *, device: torch.device, denoises: bool) -> None:
        for saving in ("enable_slicing", "enable_tiling"):  # a picture at a time, large ones in tiles
            with suppress(AttributeError, NotImplementedError):  # not an autoencoder, or one that cannot
                getattr(network, saving)()
        if denoises and self._mode is LowMemory.PARTS:
            self._resident.add(network)
        add_hook_to_module(network, _Fetched(self, device))

    def fetch(self, network: torch.nn.Module, device: torch.device) -> None:
        for other in list(self._here):
            if other is not network and other not in self._resident:
                other.to(_CPU)
                self._here.discard(other)
        if network not in self._here:
            network.to(device)
            self._here.add(network)


class _Fetched(ModelHook):  # type: ignore[misc]
    """diffusers calls it before an autoencoder's `encode` and `decode` too, and asks it for the `execution_device`."""

    def __init__(self, offloader: CpuOffloader, device: torch.device) -> None:
        super().__init__()
        self._offloader = offloader
        self.execution_device = device

    def pre_forward(self, module: torch.nn.Module, *args: Any, **named: Any) -> tuple[Any, Any]:
        self._offloader.fetch(module, self.execution_device)
        return send_to_device(args, self.execution_device), send_to_device(named, self.execution_device)
