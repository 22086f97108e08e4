"""What the house tells its faces.

`JobAccepted`, `JobEnded` and `PictureChanged` are durable: written to the outbox in the transaction that
makes them true, then sent through a Redis stream until each face has acknowledged them. `JobProgress` is
fleeting: a lost one costs nothing.
"""

from dataclasses import dataclass

from studio.jobs import JobState
from studio.people import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAccepted:
    job_id: str
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded:
    job_id: str
    platform: Platform
    state: JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureChanged:
    """A star was given or taken, or the picture was deleted."""

    job_id: str
    platform: Platform
    picture_id: str


Event = JobAccepted | JobEnded | PictureChanged

EVENT_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in (JobAccepted, JobEnded, PictureChanged)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """Step `step` of `steps`, over all pictures of the job. `preview` is a small ``data:`` URL or None."""

    job_id: str
    platform: Platform
    step: int
    steps: int
    preview: str | None = None
