"""GCRA, the generic cell rate algorithm (ITU-T I.371): one time stands for all that a key has asked for.

That time is when the key's allowance will be whole again. A request moves it on by the pace's interval, and is let
through as long as it lies no further ahead than the pace's seconds. Unlike windows it needs one number a key, has no
borders at which twice as much passes, and knows to the moment when the next request may come.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import redis

from moderation.limits.settings import RateSettings

_SAME_SECONDS = 0.001  # times are floats; so close together they are the same
_MOST_KEYS = 50_000


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
    """For one process. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._whole_at: dict[str, float] = {}

    def take(self, meters: Sequence[RateMeter]) -> Refusal | None:
        with self._lock:
            now = time.time()
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
            if len(self._whole_at) > _MOST_KEYS:
                self._whole_at = {key: at for key, at in self._whole_at.items() if at > now}
            return None

    def close(self) -> None:
        """Nothing is."""


# KEYS: the meters. ARGV: the interval, the seconds and whether it counts, for each. By the clock of Redis alone.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local longest, refused, moved = 0, 0, {}
for i, key in ipairs(KEYS) do
  local whole_at = math.max(tonumber(redis.call('GET', key) or now), now) + tonumber(ARGV[3 * i - 2])
  local wait = whole_at - now - tonumber(ARGV[3 * i - 1])
  if wait > math.max(longest, 0.001) then longest, refused = wait, i end
  moved[i] = whole_at
end
if refused == 0 then
  for i, key in ipairs(KEYS) do
    if ARGV[3 * i] == '1' then
      local keep = math.ceil((moved[i] - now) * 1000)
      redis.call('SET', key, string.format('%.6f', moved[i]), 'PX', keep)
    end
  end
end
return {refused, tostring(longest)}
"""


class RedisMeters:
    """Shared by all processes: each call is one script, which Redis runs as a whole."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_connect_timeout=timeout_seconds, socket_timeout=timeout_seconds
        )
        self._script = self._redis.register_script(_SCRIPT)

    def take(self, meters: Sequence[RateMeter]) -> Refusal | None:
        """Raises `redis.RedisError` or OSError when Redis does not answer."""
        arguments: list[float | int] = []
        for meter in meters:
            arguments += [meter.pace.interval_seconds, meter.pace.seconds, int(meter.counts)]
        keys = [f"chatelier-limits:{meter.key}" for meter in meters]
        refused, longest = self._script(keys=keys, args=arguments)
        if not refused:
            return None
        return Refusal(scope=meters[int(refused) - 1].scope, wait_seconds=float(longest))

    def close(self) -> None:
        self._redis.close()
