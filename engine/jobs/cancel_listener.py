"""Word that a job is to stop, heard by every worker at once: its person wants it, or a moderator paused the studio.

Or its person has enough with the pictures that are finished.
"""

import threading
from collections.abc import Callable

import redis
from redis.sentinel import Sentinel

from studio.redis_address import open_client

CANCEL_CHANNEL = "chatelier:cancel"
ASIDE_CHANNEL = "chatelier:aside"
ENOUGH_CHANNEL = "chatelier:enough"
_RETRY_SECONDS = 1.0


class CancelListener:
    """A thread that calls each function with a job's id, as long as Redis is there to tell."""

    def __init__(
        self,
        redis_url: str,
        on_cancel: Callable[[str], None],
        *,
        on_aside: Callable[[str], None],
        on_enough: Callable[[str], None] = lambda job_id: None,
    ) -> None:
        self._redis = open_client(
            redis_url, redis.Redis, Sentinel, socket_timeout=5, socket_connect_timeout=2
        )
        self._heard = {CANCEL_CHANNEL: on_cancel, ASIDE_CHANNEL: on_aside, ENOUGH_CHANNEL: on_enough}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="cancel-listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5)
        self._redis.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._hear()
            except (redis.RedisError, OSError):
                self._stop.wait(_RETRY_SECONDS)

    def _hear(self) -> None:
        with self._redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(*self._heard)
            while not self._stop.is_set():
                message = channel.get_message(timeout=1.0)
                if message is not None:
                    self._heard[message["channel"].decode()](message["data"].decode(errors="replace"))
