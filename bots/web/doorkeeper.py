"""Counts tries at the door and at the upload hatch, so that neither can be rushed."""

import time
from collections import OrderedDict

_MOST_KEYS = 10_000


class Doorkeeper:
    """Token buckets in memory: `tries` at once for a key, refilled evenly over a minute."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str, *, tries: int) -> bool:
        now = time.monotonic()
        left, counted_at = self._buckets.pop(key, (float(tries), now))
        left = min(float(tries), left + (now - counted_at) * tries / 60)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return left >= 1
