"""Events over Redis: a stream with a consumer group per front end, and a fleeting channel for progress."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import redis
from redis.sentinel import Sentinel

from engine.queue.unreadable_messages import note_unreadable
from studio.domain.events import EVENT_KINDS, Event, JobProgress
from studio.errors import QueueUnavailableError
from studio.ports import Delivery
from studio.redis_address import open_client
from studio.serialization import from_data, to_data, to_json

STREAM = "chatelier:events"
PROGRESS_CHANNEL = "chatelier:progress"
_MAX_ENTRIES = 20_000
_BLOCK_MILLISECONDS = 1000
_RECLAIM_EVERY_SECONDS = 5.0
_RECLAIM_IDLE_MILLISECONDS = 15_000
_RETRY_SECONDS = 0.5

log = logging.getLogger(__name__)


class RedisEvents:
    """Implements `studio.ports.Events`. Needs nothing newer than Redis 6.2 (XAUTOCLAIM)."""

    def __init__(self, redis_url: str) -> None:
        self._redis = open_client(
            redis_url, redis.Redis, Sentinel, socket_timeout=10, socket_connect_timeout=2
        )

    def publish(self, event: Event) -> None:
        fields: dict[Any, Any] = {"kind": type(event).__name__, "event": json.dumps(to_data(event))}
        try:
            self._redis.xadd(STREAM, fields, maxlen=_MAX_ENTRIES, approximate=True)
        except (redis.RedisError, OSError) as error:
            raise QueueUnavailableError from error

    def announce(self, progress: JobProgress) -> None:
        try:
            self._redis.publish(PROGRESS_CHANNEL, to_json(progress))
        except (redis.RedisError, OSError):
            log.debug("job progress not published: Redis unavailable", exc_info=True)

    def ping(self) -> None:
        """Raises `QueueUnavailableError` when Redis does not answer."""
        try:
            self._redis.ping()
        except (redis.RedisError, OSError) as error:
            raise QueueUnavailableError from error

    def deliveries(self, frontend: str, consumer: str, stop: threading.Event) -> Iterator[Delivery]:
        """See the port. A consumer that comes back under its old name first gets what it left over."""
        reader = _Reader(self._redis, frontend, consumer)
        while not stop.is_set():
            try:
                for entry, fields in reader.read():
                    if delivery := self._delivery(frontend, entry, fields):
                        yield delivery
                    if stop.is_set():
                        return
            except (redis.RedisError, OSError) as error:
                log.warning("event stream unavailable: %s, retrying", type(error).__name__)
                reader.start_over()
                stop.wait(_RETRY_SECONDS)

    def watch(self, stop: threading.Event) -> Iterator[Event]:
        """See the port. After a lost connection it goes on where it was, as far back as the stream goes."""
        position: bytes | None = None
        while not stop.is_set():
            try:
                if position is None:
                    newest: Any = self._redis.xrevrange(STREAM, count=1)
                    position = newest[0][0] if newest else b"0-0"
                found: Any = self._redis.xread({STREAM: position}, count=50, block=_BLOCK_MILLISECONDS)
                for entry, fields in found[0][1] if found else ():
                    position = entry
                    if event := _read_event(fields):
                        yield event
                    if stop.is_set():
                        return
            except (redis.RedisError, OSError) as error:
                log.warning("event stream unavailable: %s, retrying", type(error).__name__)
                stop.wait(_RETRY_SECONDS)

    def _delivery(self, frontend: str, entry: bytes, fields: dict[bytes, bytes]) -> Delivery | None:
        """None for what is not for this front end, or cannot be read: both are acknowledged here."""

        def acknowledge() -> None:
            try:
                self._redis.xack(STREAM, frontend, entry)
            except (redis.RedisError, OSError):
                log.warning("event not acknowledged: Redis unavailable, expect a redelivery")

        event = _read_event(fields)
        if event is None or event.platform != frontend:  # another version's, or another front end's
            acknowledge()
            return None
        return Delivery(event=event, acknowledge=acknowledge)

    def progress(self, stop: threading.Event) -> Iterator[JobProgress]:
        while not stop.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(PROGRESS_CHANNEL)
                    while not stop.is_set():
                        message = channel.get_message(timeout=1.0)
                        progress = _read_progress(message) if message is not None else None
                        if progress is not None:
                            yield progress
            except (redis.RedisError, OSError):
                stop.wait(_RETRY_SECONDS)

    def close(self) -> None:
        self._redis.close()


def _read_event(fields: dict[bytes, bytes]) -> Event | None:
    """None for a kind that this version does not know, and for what cannot be read."""
    try:
        kind = EVENT_KINDS.get(fields.get(b"kind", b"").decode())
        return from_data(kind, json.loads(fields[b"event"])) if kind else None
    except (ValueError, LookupError, TypeError) as error:
        note_unreadable("events", error)
        return None


def _read_progress(message: dict[str, Any]) -> JobProgress | None:
    try:
        return from_data(JobProgress, json.loads(message["data"]))
    except (ValueError, LookupError, TypeError) as error:
        note_unreadable("progress", error)
        return None


class _Reader:
    """One consumer's place in the stream: its own leftovers, then other consumers' leftovers, then news."""

    def __init__(self, client: redis.Redis, frontend: str, consumer: str) -> None:
        self._redis = client
        self._frontend = frontend
        self._consumer = consumer
        self.start_over()

    def start_over(self) -> None:
        self._position = "0"  # own unacknowledged entries first; ">" once there are none
        self._joined = False
        self._reclaimed_at = time.monotonic()

    def read(self) -> list[tuple[bytes, dict[bytes, bytes]]]:
        if not self._joined:
            self._join()
        if time.monotonic() - self._reclaimed_at > _RECLAIM_EVERY_SECONDS:
            self._reclaimed_at = time.monotonic()
            if claimed := self._reclaim():
                return claimed
        found: Any = self._redis.xreadgroup(
            self._frontend, self._consumer, {STREAM: self._position}, count=50, block=_BLOCK_MILLISECONDS
        )
        entries = found[0][1] if found else []
        if self._position != ">":
            self._position = entries[-1][0] if entries else ">"
        return [(entry, fields) for entry, fields in entries if fields]

    def _join(self) -> None:
        try:
            self._redis.xgroup_create(STREAM, self._frontend, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        self._joined = True

    def _reclaim(self) -> list[tuple[bytes, dict[bytes, bytes]]]:
        claimed: Any = self._redis.xautoclaim(
            STREAM, self._frontend, self._consumer, min_idle_time=_RECLAIM_IDLE_MILLISECONDS, count=50
        )
        return [(entry, fields) for entry, fields in claimed[1] if fields]
