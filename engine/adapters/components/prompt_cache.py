"""Conditions of prompts over all jobs: each text is encoded once for a set of LoRAs, several texts together."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from engine.adapters.components.loras import LoraWeights
from engine.batching.sample import Conditions

Encode = Callable[[Sequence[str]], Sequence[Conditions]]

# Some 60 prompts of Flux, or 800 of SDXL.
BUDGET_BYTES = 256 * 2**20
_BATCH = 16


class PromptCache:
    """The prompts of one loaded model, at most `budget_bytes`; the least recently used ones go first. For one thread.

    The text encoders answer differently with LoRA weights on, so these belong to the key.
    """

    def __init__(self, encode: Encode, *, budget_bytes: int = BUDGET_BYTES) -> None:
        self._encode = encode
        self._budget_bytes = budget_bytes
        self._bytes = 0
        self._conditions: OrderedDict[tuple[LoraWeights, str], Conditions] = OrderedDict()

    def find(self, texts: Iterable[str], *, loras: LoraWeights = ()) -> dict[str, Conditions]:
        """Conditions by text, the unknown ones encoded in batches of at most 16. `loras` must be applied already."""
        wanted = list(dict.fromkeys(texts))
        found = {text: self._conditions[loras, text] for text in wanted if (loras, text) in self._conditions}
        unknown = [text for text in wanted if text not in found]
        for start in range(0, len(unknown), _BATCH):
            batch = unknown[start : start + _BATCH]
            found.update(zip(batch, map(_compact, self._encode(batch)), strict=True))
        for text in wanted:
            self._store((loras, text), found[text])
        return found

    def clear(self) -> None:
        self._conditions.clear()
        self._bytes = 0

    def _store(self, key: tuple[LoraWeights, str], conditions: Conditions) -> None:
        if key not in self._conditions:
            self._bytes += size_bytes(conditions)
        self._conditions[key] = conditions
        self._conditions.move_to_end(key)
        while self._bytes > self._budget_bytes:
            _, oldest = self._conditions.popitem(last=False)
            self._bytes -= size_bytes(oldest)


def size_bytes(conditions: Conditions) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in conditions.values())


def _compact(conditions: Conditions) -> Conditions:
    """Without the rest of the batch, which a view would keep in memory."""
    return {
        name: tensor.clone() if tensor.untyped_storage().nbytes() > tensor.nbytes else tensor
        for name, tensor in conditions.items()
    }
