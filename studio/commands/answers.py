"""What a command answers; each face turns these into its own words."""

from dataclasses import dataclass

from studio.jobs import Job, JobState
from studio.people import Person
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An outstanding job, and how many jobs are served before it."""

    job: Job
    ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InQueue:
    """The person's own outstanding jobs, oldest first."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The person's own jobs that are over, latest first."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Credits of this month: used, with what waiting jobs have set aside; `monthly` None: they never run out."""

    used: int
    monthly: int | None

    @property
    def left(self) -> int | None:
        return None if self.monthly is None else max(0, self.monthly - self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """One picture of a family. A deleted one has no files any more."""

    picture: Picture
    person: Person
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The family tree of a picture: everybody after their parents."""

    picture_id: str
    relatives: tuple[Relative, ...]


Answer = Accepted | Shown | Stopped | Deleted | Starred | InQueue | History | Balance | Family
