"""Limits the rate of wrong invite words, new names, uploads and reports."""

from studio.gcra import MemoryMeters, RateMeter, RateSettings

_MOST_KEYS = 10_000


class AttemptLimiter:
    """Counts in memory: `tries` attempts at once for a key, which come back evenly over `seconds`."""

    def __init__(self) -> None:
        self._meters = MemoryMeters(most_keys=_MOST_KEYS)

    def take(self, key: str, *, tries: int, seconds: int = 60) -> bool:
        """Whether another attempt was left, which is recorded then."""
        return self._take(key, RateSettings(requests=tries, seconds=seconds), counts=True)

    def allows(self, key: str, *, tries: int, seconds: int = 60) -> bool:
        """Whether another attempt is left."""
        return self._take(key, RateSettings(requests=tries, seconds=seconds), counts=False)

    def count(self, key: str, *, tries: int, seconds: int = 60) -> None:
        """Record an attempt, if one is left."""
        self._take(key, RateSettings(requests=tries, seconds=seconds), counts=True)

    def _take(self, key: str, pace: RateSettings, *, counts: bool) -> bool:
        meter = RateMeter(scope="attempts", key=key, pace=pace, counts=counts)
        return self._meters.take([meter]) is None
