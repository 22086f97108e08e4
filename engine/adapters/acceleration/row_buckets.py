"""Rows padded up to one of a few numbers, so that compiled code and recorded passes meet few shapes."""

from typing import Any

import torch
from torch.utils._pytree import tree_map

# The steps are small enough that at most a third of a forward pass is padding.
BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64)
# Inputs of a transformer that have no row for each image.
_WITHOUT_ROWS = frozenset({"txt_ids", "img_ids"})


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
