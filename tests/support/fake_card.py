"""A card that computes nothing, and notices what a program would wait for: torch's device "meta"."""

from contextlib import AbstractContextManager, ExitStack
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

CARD = torch.device("meta")
_COPIES = {"_to_copy", "to", "copy_", "lift_fresh"}
# What reads a number of the card's, or solves equations there.
_READS = {"_local_scalar_dense", "item", "nonzero", "masked_select", "linalg_solve", "_linalg_solve_ex"}


class WaitCounter(AbstractContextManager["WaitCounter"]):
    """Within it, `waits` gets the name of each operation that on a real card would wait for it."""

    def __init__(self) -> None:
        self.waits: list[str] = []
        self._modes = ExitStack()

    def __enter__(self) -> "WaitCounter":
        self._modes.enter_context(_Makers(self.waits))
        self._modes.enter_context(_Operations(self.waits))
        return self

    def __exit__(self, *_: object) -> None:
        self._modes.close()


class _Makers(TorchFunctionMode):
    """Tensors that are made of Python's numbers for the card."""

    def __init__(self, waits: list[str]) -> None:
        super().__init__()
        self._waits = waits

    def __torch_function__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func in (torch.tensor, torch.as_tensor) and made.device == CARD:
            self._waits.append(func.__name__)
        return made


class _Operations(TorchDispatchMode):
    def __init__(self, waits: list[str]) -> None:
        super().__init__()
        self._waits = waits

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        there = {leaf.device for leaf in [*given, *tree_leaves(made)] if isinstance(leaf, torch.Tensor)}
        if CARD in there and (
            name in _READS
            or (name in _COPIES and len(there) > 1)
            or (name == "index" and any(not _stays(index) for index in args[1]))
        ):
            self._waits.append(name)
        return made


def _stays(index: torch.Tensor | None) -> bool:
    """Whether indexing by it needs nothing from the CPU and tells it nothing."""
    return index is None or (index.device == CARD and index.dtype is not torch.bool)
