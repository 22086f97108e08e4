"""Which signatures were seen: Slack signs each request anew, so the same one twice is a replay."""

import logging
import time
from collections import OrderedDict

import redis
import redis.asyncio
import redis.asyncio.sentinel

from studio.redis_address import open_client

_REMEMBERED = 20_000
_PATIENCE_SECONDS = 0.5  # of the three in which Slack wants its answer
_REST_SECONDS = 5.0

log = logging.getLogger(__name__)


class ReplayProtection:
    """Processes share what they saw through Redis; without it each remembers for itself.

    Soft on purpose: while Redis is away the signature and its age of five minutes at most hold as ever, and a
    request that another process has served makes no second job, as its key is in the records. To turn everything
    unavailable for that would stop the front end for no gain.
    """

    def __init__(self, *, lasts_seconds: int, redis_url: str | None = None) -> None:
        self._lasts_seconds = lasts_seconds
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._redis = (
            open_client(
                redis_url,
                redis.asyncio.Redis,
                redis.asyncio.sentinel.Sentinel,
                socket_timeout=_PATIENCE_SECONDS,
                socket_connect_timeout=_PATIENCE_SECONDS,
            )
            if redis_url
            else None
        )
        self._rests_until = 0.0

    async def is_first(self, signature: str) -> bool:
        """Ask only for signatures that are right, so that nobody else can fill the memory."""
        return self._is_first_here(signature) and await self._is_first_anywhere(signature)

    async def close(self) -> None:
        if self._redis:
            await self._redis.aclose()

    def _is_first_here(self, signature: str) -> bool:
        now = time.monotonic()
        while self._seen and (now - next(iter(self._seen.values())) > self._lasts_seconds or self._is_full):
            self._seen.popitem(last=False)
        if signature in self._seen:
            return False
        self._seen[signature] = now
        return True

    @property
    def _is_full(self) -> bool:
        return len(self._seen) >= _REMEMBERED

    async def _is_first_anywhere(self, signature: str) -> bool:
        if self._redis is None or time.monotonic() < self._rests_until:
            return True
        key = f"chatelier-slack-seen:{signature}"
        try:
            return bool(await self._redis.set(key, "1", nx=True, ex=self._lasts_seconds))
        except (redis.RedisError, OSError) as error:
            log.warning(
                "replay protection limited to this process: Redis unavailable (%s)", type(error).__name__
            )
            self._rests_until = time.monotonic() + _REST_SECONDS
            return True
