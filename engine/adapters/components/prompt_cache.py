"""Words → conditions: each text is encoded once and remembered, several together."""

from collections.abc import Callable, Iterable, Sequence

from engine.batching.sample import Conditions
from studio.runtime.bounded_dict import BoundedDict

Encode = Callable[[Sequence[str]], Sequence[Conditions]]

_REMEMBERED = 128
_BATCH = 16


class PromptCache:
    """The least recently used of 128 texts is forgotten first. For one thread."""

    def __init__(self, encode: Encode, *, remembered: int = _REMEMBERED) -> None:
        self._encode = encode
        self._known: BoundedDict[str, Conditions] = BoundedDict(remembered)

    def find(self, texts: Iterable[str]) -> dict[str, Conditions]:
        """Conditions by text, the unknown ones encoded in batches of at most 16."""
        wanted = list(dict.fromkeys(texts))
        found = {text: self._known[text] for text in wanted if text in self._known}
        unknown = [text for text in wanted if text not in found]
        for start in range(0, len(unknown), _BATCH):
            batch = unknown[start : start + _BATCH]
            found.update(zip(batch, self._encode(batch), strict=True))
        for text in wanted:
            self._known[text] = found[text]
        return found

    def forget(self) -> None:
        self._known.clear()
