"""Limits the rate of wrong invite words, new names, uploads and reports."""

import time

from studio.bounded_dict import BoundedDict

_MOST_KEYS = 10_000


class AttemptLimiter:
    """Token buckets in memory: `tries` attempts at once for a key, refilled evenly over `seconds`."""

    def __init__(self) -> None:
        self._buckets: BoundedDict[str, tuple[float, float]] = BoundedDict(_MOST_KEYS)

    def allows(self, key: str, *, tries: int, seconds: float = 60) -> bool:
        """Whether another attempt is left."""
        return self._left(key, tries, seconds) >= 1

    def count(self, key: str, *, tries: int, seconds: float = 60) -> None:
        """Record an attempt."""
        self._buckets[key] = (self._left(key, tries, seconds) - 1, time.monotonic())

    def _left(self, key: str, tries: int, seconds: float) -> float:
        now = time.monotonic()
        left, counted_at = self._buckets.get(key, (float(tries), now))
        return min(float(tries), left + (now - counted_at) * tries / seconds)
