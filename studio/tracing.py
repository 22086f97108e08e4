"""Where the time of a job goes, from the command to the shown picture, across processes.

The trace of a job follows from its id, so nothing has to carry it through the database, the queue and the events. A
span says what was done, for which job, and when: ids only. Without a tracer, which is the default, nothing happens.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol


class Tracer(Protocol):
    def record(
        self, name: str, job_id: str, *, since: datetime, first: bool = False, **ids: str | int
    ) -> None:
        """A span from `since` to now. `first` is the one from which all others of the job come."""

    @contextmanager
    def span(self, name: str, job_id: str, **ids: str | int) -> Iterator[None]:
        """A span for the block, with the spans within it on this thread below it. An error leaves its kind only."""
        yield


class NoTracer:
    def record(
        self, name: str, job_id: str, *, since: datetime, first: bool = False, **ids: str | int
    ) -> None:
        """Nothing."""

    @contextmanager
    def span(self, name: str, job_id: str, **ids: str | int) -> Iterator[None]:
        yield


_tracer: Tracer = NoTracer()


def use_tracer(tracer: Tracer) -> None:
    """For this process, from now on."""
    global _tracer  # noqa: PLW0603 - a process has one, as it has one log
    _tracer = tracer


def tracer() -> Tracer:
    return _tracer
