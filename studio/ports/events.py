"""Events for front ends."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from studio.domain.events import Event, JobProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One durable event for one front end. Call `acknowledge` when it has been acted upon."""

    event: Event
    acknowledge: Callable[[], None]


class Events(Protocol):
    def publish(self, event: Event) -> None:
        """Send a durable event. Raises `QueueUnavailableError`; the outbox keeps it."""

    def announce(self, progress: JobProgress) -> None:
        """Send fleeting progress; never raises."""

    def deliveries(self, frontend: str, consumer: str, stop: threading.Event) -> Iterator[Delivery]:
        """Durable events for a front end, shared by its consumers, unacknowledged ones again, until `stop`."""

    def watch(self, stop: threading.Event) -> Iterator[Event]:
        """Every durable event from the first read on, to each caller beside all others, until `stop`.

        Nobody acknowledges these. What was sent while the reader was not there is not made up for.
        """

    def progress(self, stop: threading.Event) -> Iterator[JobProgress]:
        """Fleeting progress, until `stop` is set."""

    def ping(self) -> None:
        """Raises `QueueUnavailableError` when events cannot be sent at the moment."""
