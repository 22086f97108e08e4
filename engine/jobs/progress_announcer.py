"""Tells people how far a job is."""

import time
from collections.abc import Callable

from engine.generation_task import Progress
from engine.imaging.codecs.encoding import data_url
from studio.domain.events import JobProgress
from studio.domain.jobs import Job
from studio.ports import Events

_ANNOUNCE_EVERY_SECONDS = 0.25


class ProgressAnnouncer:
    """Turns the step batcher's progress into a few messages a second. What is to be hidden is not shown on the way."""

    def __init__(self, job: Job, events: Events, *, finished: Callable[[], int]) -> None:
        self._job = job
        self._finished = finished
        self._events = events
        self._announced_at = 0.0

    def __call__(self, progress: Progress) -> None:
        ends = progress.step >= progress.steps
        if time.monotonic() - self._announced_at < _ANNOUNCE_EVERY_SECONDS and not ends:
            return
        self._announced_at = time.monotonic()
        shown = None if self._job.spoiler else progress.preview
        self._events.announce(
            JobProgress(
                job_id=self._job.id,
                platform=self._job.address.platform,
                step=progress.step,
                steps=progress.steps,
                preview=data_url(shown) if shown else None,
                seconds_left=progress.seconds_left,
                finished=self._finished(),
            )
        )
