"""A cache of the tensors that a network makes and uploads anew in each pass: an upload makes the pass wait."""

import pickle
from contextlib import ExitStack
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_MAKERS = frozenset({torch.tensor, torch.as_tensor})


class UploadCache:
    """Caches what a network's forward pass uploads between two of its parts. For the batcher's thread.

    Only that stretch is watched: compiled blocks behind it notice nothing. Nothing is let go before the network is,
    since recorded passes read it.
    """

    def __init__(self, first: torch.nn.Module, end: torch.nn.Module) -> None:
        """From the call of the part `first` to that of `end`."""
        self._found: dict[Any, torch.Tensor] = {}
        self._watch = ExitStack()
        first.register_forward_pre_hook(lambda *_: self._begin())
        end.register_forward_pre_hook(lambda *_: self.end())

    def _begin(self) -> None:
        self.end()
        self._watch.enter_context(_Uploads(self._found))

    def end(self) -> None:
        """Also to be called when a pass failed on the way."""
        self._watch.close()


class _Uploads(TorchFunctionMode):
    def __init__(self, found: dict[Any, torch.Tensor]) -> None:
        super().__init__()
        self._found = found

    def __torch_function__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = kwargs or {}
        values = args[0] if args else options.get("data")
        if func not in _MAKERS or "device" not in options or isinstance(values, torch.Tensor):
            return func(*args, **options)
        others = {name: value for name, value in options.items() if name != "data"}
        key = func, pickle.dumps(values), args[1:], tuple(sorted(others.items()))
        if key not in self._found:
            self._found[key] = func(*args, **options)
        return self._found[key]
