"""GCRA, the generic cell rate algorithm (ITU-T I.371): one time stands for all that a key has asked for.

That time is when the key's allowance will be whole again. A request moves it on by the pace's interval, and is let
through as long as it lies no further ahead than the pace's seconds. Unlike windows it needs one number a key, has no
borders at which twice as much passes, and knows to the moment when the next request may come.
"""

import heapq
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Protocol

_SAME_SECONDS = 0.001  # times are floats; so close together they are the same


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSettings:
    """At most `requests` at once, of which one comes back every `seconds` / `requests`."""

    requests: int
    seconds: int

    def __post_init__(self) -> None:
        if self.requests < 1 or self.seconds < 1:
            raise ValueError("a pace needs at least 1 request and 1 second")

    def of(self, people: int) -> "RateSettings":
        """What that many people have together."""
        return RateSettings(requests=self.requests * people, seconds=self.seconds)

    @property
    def interval_seconds(self) -> float:
        return self.seconds / self.requests


@dataclass(frozen=True, slots=True, kw_only=True)
class RateMeter:
    """`counts` False: the request only has to fit, and uses nothing up."""

    scope: str
    key: str
    pace: RateSettings
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The meter that made the longest wait."""

    scope: str
    wait_seconds: float


class RateMeters(Protocol):
    def take(self, meters: Sequence[RateMeter]) -> Refusal | None:
        """Count one request on every meter, or on none when one of them refuses it."""

    def close(self) -> None:
        """Let go of what is open."""


class MemoryMeters:
    """For one process. Safe for many threads. Beyond `most_keys`, the keys that are whole soonest are forgotten."""

    def __init__(self, *, most_keys: int = 50_000) -> None:
        self._most_keys = most_keys
        self._lock = threading.Lock()
        self._whole_at: dict[str, float] = {}

    def take(self, meters: Sequence[RateMeter]) -> Refusal | None:
        with self._lock:
            now = time.monotonic()
            moved = {
                meter.key: max(self._whole_at.get(meter.key, now), now) + meter.pace.interval_seconds
                for meter in meters
            }
            waits = [
                Refusal(scope=meter.scope, wait_seconds=moved[meter.key] - now - meter.pace.seconds)
                for meter in meters
            ]
            longest = max(waits, key=lambda wait: wait.wait_seconds)
            if longest.wait_seconds > _SAME_SECONDS:
                return longest
            self._whole_at.update({meter.key: moved[meter.key] for meter in meters if meter.counts})
            if len(self._whole_at) > self._most_keys:
                self._forget(now)
            return None

    def _forget(self, now: float) -> None:
        """Half at once, so that a flood of keys does not pay for this at each of them."""
        counting = [(key, at) for key, at in self._whole_at.items() if at > now]
        self._whole_at = dict(heapq.nlargest(self._most_keys // 2, counting, key=itemgetter(1)))

    def close(self) -> None:
        """Nothing is."""
