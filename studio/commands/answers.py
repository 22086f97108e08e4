"""What a command answers; each face turns these into its own words."""

from dataclasses import dataclass

from studio.jobs import Job, JobState
from studio.pictures import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The job is safe in the database. `ahead` counts the outstanding jobs served before it."""

    job_id: str
    state: JobState
    ahead: int
    repeated: bool = False  # this very request was accepted before; nothing new was started


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    job: Job
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """`at_once` is False while a worker is still finishing its step."""

    job_id: str
    at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    picture_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Starred:
    picture_id: str
    stars: int
    given: bool


Answer = Accepted | Shown | Stopped | Deleted | Starred
