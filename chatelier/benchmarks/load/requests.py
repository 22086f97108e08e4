"""What people asked for, and when they saw what of it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count


@dataclass(kw_only=True)
class Request:
    """Times are seconds of the monotonic clock; None: not yet."""

    frontend: str
    number: int
    asked_at: float
    acknowledged_at: float | None = None
    shown_at: float | None = None  # the job's message
    ended_at: float | None = None  # the pictures, or why there are none
    failed: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)


class Requests:
    """Those of a measurement, by number. Implements `chatelier.benchmarks.loopback.platform.Listener`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._requests: dict[int, Request] = {}

    def begin(self, frontend: str) -> Request:
        """Somebody presses Enter now."""
        request = Request(frontend=frontend, number=next(self._numbers), asked_at=self._clock())
        self._requests[request.number] = request
        return request

    def acknowledge(self, number: int) -> None:
        request = self._requests[number]
        if request.acknowledged_at is None:
            request.acknowledged_at = self._clock()

    def show(self, number: int) -> None:
        request = self._requests[number]
        if request.shown_at is None:
            request.shown_at = self._clock()

    def end(self, number: int, *, failed: bool = False) -> None:
        request = self._requests[number]
        if request.ended_at is None:
            request.ended_at, request.failed = self._clock(), failed
            request.ended.set()

    def are_acknowledged(self, frontend: str) -> bool:
        """Whether all requests of a front end are, and there are some."""
        moments = [one.acknowledged_at for one in self._requests.values() if one.frontend == frontend]
        return bool(moments) and None not in moments

    def asked_since(self, since: float) -> Iterator[Request]:
        """In the order in which they were asked."""
        return (request for request in self._requests.values() if request.asked_at >= since)

    def ended_between(self, since: float, until: float) -> int:
        """How many jobs were shown with their pictures in that time."""
        return sum(
            request.ended_at is not None and not request.failed and since <= request.ended_at < until
            for request in self._requests.values()
        )
