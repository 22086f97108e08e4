"""Moving windows over Redis, or over this process's memory where there is no Redis.

Each count is one atomic step (a script on Redis, a lock in memory), so that people who ask at the same moment
are counted exactly. If Redis is away, people go on, and a metric says so.
"""

import logging
import time
from collections.abc import Callable

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from moderation.limits.settings import LimitSettings, Pace
from moderation.metrics import LIMITER_FAILURES
from studio.errors import RateLimited
from studio.people import Person

logger = logging.getLogger(__name__)


class PersonLimiter:
    """Counts requests per person. Safe for many threads; processes share counts through Redis."""

    def __init__(self, settings: LimitSettings, *, redis_url: str | None = None) -> None:
        self._settings = settings
        self._windows = MovingWindowRateLimiter(_storage(settings, redis_url))
        self._rests_until = 0.0
        self._warned = False

    def admit(self, person: Person) -> None:
        """Count one request. Raises `RateLimited` with the seconds to wait."""
        self._guarded(lambda: self._admit(person.key))

    def note_refusal(self, person: Person) -> None:
        """Count one refused request."""
        self._guarded(lambda: self._windows.hit(_item(self._settings.refused), "refused", person.key))

    def _admit(self, key: str) -> None:
        self._require_room(self._settings.refused, "refused", key)
        self._require_room(self._settings.sustained, "sustained", key)
        for name, pace in (("burst", self._settings.burst), ("sustained", self._settings.sustained)):
            if not self._windows.hit(_item(pace), name, key):
                raise RateLimited(retry_after_seconds=self._wait_seconds(pace, name, key))

    def _require_room(self, pace: Pace, name: str, key: str) -> None:
        if not self._windows.test(_item(pace), name, key):
            raise RateLimited(retry_after_seconds=self._wait_seconds(pace, name, key))

    def _wait_seconds(self, pace: Pace, name: str, key: str) -> float:
        return max(1.0, self._windows.get_window_stats(_item(pace), name, key).reset_time - time.time())

    def _guarded(self, count: Callable[[], object]) -> None:
        """Open on failure: a lost Redis stops nobody, and is asked again only after a rest."""
        if time.monotonic() < self._rests_until:
            LIMITER_FAILURES.inc()
            return
        try:
            count()
        except StorageError as error:
            LIMITER_FAILURES.inc()
            self._rests_until = time.monotonic() + self._settings.redis_rest_seconds
            if not self._warned:
                logger.warning(
                    "rate limits are off: Redis does not answer (%s)", type(error.__cause__).__name__
                )
            self._warned = True
        else:
            self._warned = False


def _item(pace: Pace) -> RateLimitItem:
    return RateLimitItemPerSecond(pace.requests, pace.seconds, namespace="chatelier")


def _storage(settings: LimitSettings, redis_url: str | None) -> Storage:
    if redis_url is None:
        return MemoryStorage()
    wait_seconds = settings.redis_timeout_seconds
    return RedisStorage(
        redis_url,
        key_prefix="chatelier-limits",
        wrap_exceptions=True,
        socket_connect_timeout=wait_seconds,
        socket_timeout=wait_seconds,
    )
