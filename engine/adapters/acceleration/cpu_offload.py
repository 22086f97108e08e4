"""Networks that wait in the machine's memory until they are called."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, ref

import torch
from accelerate.hooks import ModelHook, add_hook_to_module  # type: ignore[import-untyped]
from accelerate.utils import send_to_device  # type: ignore[import-untyped]

from engine.adapters.acceleration.pinned_weights import (
    DeviceMemory,
    MovedWeights,
    PinnedWeights,
    can_pin,
    memory_of,
)
from engine.performance_settings import LowMemory

# A network is fetched ahead only where so much stays free beside it, for what the networks compute.
_FREE_BESIDE = 2 * 2**30

Weights = PinnedWeights | MovedWeights


class CpuOffloader:
    """Fetches a model's networks to the device when they are called, and takes others from it.

    In `PARTS` the denoiser stays once it came; in `WHOLE` it makes way while a text encoder or the autoencoder works.
    While a text encoder works, the network that usually follows it is fetched, where there is room for both. During the
    denoiser's steps nothing is fetched ahead: they need the memory.
    """

    def __init__(
        self, mode: LowMemory, *, memory: Callable[[torch.device], DeviceMemory] = memory_of
    ) -> None:
        self._mode = mode
        self._memory_of = memory
        self._memory: DeviceMemory | None = None
        # Weak: a model that is unloaded must not stay in memory for having been offloaded here.
        self._weights: WeakKeyDictionary[torch.nn.Module, Weights] = WeakKeyDictionary()
        self._resident: WeakSet[torch.nn.Module] = WeakSet()  # those that never make way
        self._denoisers: WeakSet[torch.nn.Module] = WeakSet()
        self._follower: WeakKeyDictionary[torch.nn.Module, ref[torch.nn.Module]] = WeakKeyDictionary()
        self._last: Callable[[], torch.nn.Module | None] = lambda: None

    def take_in(self, network: Any, *, device: torch.device, denoises: bool) -> None:
        for saving in ("enable_slicing", "enable_tiling"):  # a picture at a time, large ones in tiles
            with suppress(AttributeError, NotImplementedError):  # not an autoencoder, or one that cannot
                getattr(network, saving)()
        if self._memory is None:
            self._memory = self._memory_of(device)
        pins = can_pin(network)
        self._weights[network] = (
            PinnedWeights(network, self._memory) if pins else MovedWeights(network, device)
        )
        if denoises:
            self._denoisers.add(network)
        if denoises and self._mode is LowMemory.PARTS:
            self._resident.add(network)
        add_hook_to_module(network, _Fetched(self, device))

    def fetch(self, network: torch.nn.Module) -> None:
        for other, weights in list(self._weights.items()):
            if other is not network and other not in self._resident:
                weights.leave()
        self._weights[network].settle()
        last = self._last()
        if last is not None and last is not network:
            self._follower[last] = ref(network)
        self._last = ref(network)
        self._fetch_ahead(network)

    def _fetch_ahead(self, network: torch.nn.Module) -> None:
        follower = self._follower.get(network, lambda: None)()
        if follower is None or network in self._denoisers or self._memory is None:
            return
        weights = self._weights[follower]
        if not weights.is_here and weights.size_bytes + _FREE_BESIDE <= self._memory.free_bytes():
            weights.begin()


class _Fetched(ModelHook):  # type: ignore[misc]
    """diffusers calls it before an autoencoder's `encode` and `decode` too, and asks it for the `execution_device`."""

    def __init__(self, offloader: CpuOffloader, device: torch.device) -> None:
        super().__init__()
        self._offloader = offloader
        self.execution_device = device

    def pre_forward(self, module: torch.nn.Module, *args: Any, **named: Any) -> tuple[Any, Any]:
        self._offloader.fetch(module)
        return send_to_device(args, self.execution_device), send_to_device(named, self.execution_device)
