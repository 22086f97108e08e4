"""The weights of a network that waits in the machine's memory: page-locked originals, and copies on the device.

An original never changes, so nothing is copied back from the device, and a copy from page-locked memory runs beside
what the device computes.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import ref

import torch
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

log = logging.getLogger(__name__)


class DeviceMemory(Protocol):
    """The memory of one device."""

    def lock(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor in the machine's memory, where the device copies it from fastest."""

    def copy(self, tensors: Sequence[torch.Tensor]) -> tuple[list[torch.Tensor], Any]:
        """Copies on the device, and what `wait` needs to know of them. May return before they are complete."""

    def wait(self, copied: Any) -> None:
        """What the device computes from now on sees complete copies."""

    def free_bytes(self) -> int:
        """How much more fits onto the device."""


class CudaMemory:
    """Copies on a stream of their own."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream: Any = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def lock(self, tensor: torch.Tensor) -> torch.Tensor:
        try:
            return tensor.pin_memory()
        except RuntimeError as error:  # the machine gives no more page-locked memory
            log.debug("weights not page-locked: %s", type(error).__name__)
            return tensor

    def copy(self, tensors: Sequence[torch.Tensor]) -> tuple[list[torch.Tensor], Any]:
        # Memory of the current stream, so that it is given back to where it came from.
        places = [torch.empty_like(tensor, device=self._device) for tensor in tensors]
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            for place, tensor in zip(places, tensors, strict=True):
                place.copy_(tensor, non_blocking=True)
        return places, self._stream.record_event()

    def wait(self, copied: Any) -> None:
        torch.cuda.current_stream(self._device).wait_event(copied)

    def free_bytes(self) -> int:
        free, _ = torch.cuda.mem_get_info(self._device)
        cached = torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(self._device)
        return int(free + cached)


class PlainMemory:
    """A device without page-locked memory and streams."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def lock(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    def copy(self, tensors: Sequence[torch.Tensor]) -> tuple[list[torch.Tensor], Any]:
        return [tensor.to(self._device) for tensor in tensors], None

    def wait(self, copied: Any) -> None: ...

    def free_bytes(self) -> int:
        return 0


def memory_of(device: torch.device) -> DeviceMemory:
    return CudaMemory(device) if device.type == "cuda" else PlainMemory(device)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a network has a tensor: a parameter, or a buffer by its name in a module."""

    owner: Any
    name: str | None = None

    @property
    def key(self) -> tuple[int, str | None]:
        return id(self.owner), self.name

    @property
    def tensor(self) -> torch.Tensor:
        found: torch.Tensor = self.owner.data if self.name is None else self.owner[self.name]
        return found

    def put(self, tensor: torch.Tensor) -> None:
        if self.name is None:
            self.owner.data = tensor
        else:
            self.owner[self.name] = tensor


class PinnedWeights:
    """One network's parameters and buffers. Not for quantised ones of several parts; see `can_pin`.

    A network may change while it is away: LoRA weights come and go, and a first stage may be turned into other numbers.
    """

    def __init__(self, network: torch.nn.Module, memory: DeviceMemory) -> None:
        self._network = ref(network)  # weak: a model that is unloaded shall be gone
        self._memory = memory
        self._originals: list[tuple[_Place, torch.Tensor]] = []
        self._copied: Any = None
        self.is_here = False
        self._lock_originals()

    @property
    def size_bytes(self) -> int:
        return sum(tensor.nbytes for _, tensor in self._originals)

    def begin(self) -> None:
        """Start copying to the device."""
        if self.is_here:
            return
        self._lock_originals()
        copies, self._copied = self._memory.copy([tensor for _, tensor in self._originals])
        for (place, _), copy in zip(self._originals, copies, strict=True):
            place.put(copy)
        self.is_here = True

    def settle(self) -> None:
        """The copies are there for what the device computes next."""
        self.begin()
        self._memory.wait(self._copied)

    def leave(self) -> None:
        """Give the device's memory back."""
        if self.is_here:
            self._memory.wait(self._copied)  # nobody else may have the memory while it is written to
            for place, tensor in self._originals:
                place.put(tensor)
            self.is_here = False

    def _lock_originals(self) -> None:
        """What the network consists of now; what was locked already stays as it is."""
        known = {place.key: tensor for place, tensor in self._originals}
        found: list[tuple[_Place, torch.Tensor]] = []
        for place in self._places():
            tensor, before = place.tensor, known.get(place.key)
            if tensor.device.type != "cpu":
                continue  # it was made on the device, and stays there
            is_known = (
                before is not None and before.data_ptr() == tensor.data_ptr() and before.dtype is tensor.dtype
            )
            original = before if is_known and before is not None else self._memory.lock(tensor)
            place.put(original)
            found.append((place, original))
        self._originals = found

    def _places(self) -> Iterator[_Place]:
        network = self._network()
        if network is None:
            return
        for parameter in network.parameters():  # a shared one is met once
            yield _Place(parameter)
        for module in network.modules():
            for name, buffer in list(module._buffers.items()):
                if buffer is not None:
                    yield _Place(module._buffers, name)


def can_pin(network: torch.nn.Module) -> bool:
    return not any(is_traceable_wrapper_subclass(parameter) for parameter in network.parameters())


class MovedWeights:
    """For networks that `PinnedWeights` is not for: moved there and back."""

    def __init__(self, network: torch.nn.Module, device: torch.device) -> None:
        self._network = ref(network)
        self._device = device
        self.is_here = False
        self.size_bytes = sum(parameter.nbytes for parameter in network.parameters())

    def begin(self) -> None:
        if not self.is_here:
            self._move(self._device)
            self.is_here = True

    def settle(self) -> None:
        self.begin()

    def leave(self) -> None:
        if self.is_here:
            self._move(torch.device("cpu"))
            self.is_here = False

    def _move(self, device: torch.device) -> None:
        if (network := self._network()) is not None:
            network.to(device)
