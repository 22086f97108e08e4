"""The meters of `studio.gcra` in Redis, for several processes."""

from collections.abc import Sequence

import redis
from redis.sentinel import Sentinel

from studio.gcra import RateMeter, Refusal
from studio.redis_address import open_client

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
        self._redis = open_client(
            url,
            redis.Redis,
            Sentinel,
            socket_connect_timeout=timeout_seconds,
            socket_timeout=timeout_seconds,
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
