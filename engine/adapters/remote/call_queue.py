"""Whose call to a server is next: fair by persons, with a bounded number at once."""

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.batching.sample import Sample


class CallQueue:
    """The calls of one model. For one thread."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._waiting: list[Sample] = []
        self._running: list[Sample] = []

    def __len__(self) -> int:
        return len(self._waiting) + len(self._running)

    def put(self, sample: "Sample") -> None:
        self._waiting.append(sample)

    def take(self) -> "Sample | None":
        """The next call; None while every place is taken, or when nobody waits.

        The person with the fewest running calls for their weight comes first, among equals who asked first.
        """
        self._waiting = [sample for sample in self._waiting if not sample.over]
        if not self._waiting or len(self._running) >= self._places:
            return None
        counts = Counter(sample.person for sample in self._running)
        chosen = min(self._waiting, key=lambda sample: (counts[sample.person] / sample.weight, sample.number))
        self._waiting.remove(chosen)
        self._running.append(chosen)
        return chosen

    def release(self, sample: "Sample") -> None:
        """Its call is over."""
        self._running.remove(sample)
