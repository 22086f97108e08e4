"""A job and the moves it may make."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from studio.domain.identifiers import split_picture_id
from studio.domain.people import Address, Person
from studio.domain.requests import PaintRequest
from studio.errors import PolicyRefusalError


class JobState(StrEnum):
    ACCEPTED = "accepted"  # in the database, not yet on the queue
    QUEUED = "queued"
    PAINTING = "painting"  # a worker holds the lease
    DONE = "done"
    HELD = "held"  # waits for a moderator
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Nothing more happens to the job, unless a moderator releases a held one."""
        return self in ENDED


class JobVisibility(StrEnum):
    """Who may know of a job besides those who read where it was asked for; `studio.services.visibility` decides."""

    LISTED = "listed"
    IN_GATHERING = "gathering"  # shown by its gathering's message, and has none of its own
    UNLISTED = "unlisted"  # its person's alone until its gathering reveals it
    PRIVATE = "private"  # its person's alone until they publish it
    PUBLISHED = "published"  # was private; as a listed one from then on


CORE = "core"  # the error code of a refusal that cannot be appealed
FORGOTTEN = "forgotten:"  # begins the request keys of jobs whose person was forgotten
UNHEARD = "unheard"  # of one where nobody moderated, so that nobody could hear an appeal

WITH_MESSAGE = frozenset({JobVisibility.LISTED, JobVisibility.PRIVATE, JobVisibility.PUBLISHED})  # of its own
HIDDEN = frozenset({JobVisibility.UNLISTED, JobVisibility.PRIVATE})  # from everybody but its person


WAITING = frozenset({JobState.ACCEPTED, JobState.QUEUED})
OUTSTANDING = WAITING | {JobState.PAINTING}
GOING_ON = OUTSTANDING | {JobState.HELD}  # something is still to come of it
ENDED = frozenset(JobState) - OUTSTANDING

MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.ACCEPTED: frozenset(
        {JobState.QUEUED, JobState.PAINTING, JobState.REFUSED, JobState.CANCELLED, JobState.FAILED}
    ),
    JobState.QUEUED: frozenset({JobState.PAINTING, JobState.REFUSED, JobState.CANCELLED, JobState.FAILED}),
    # Painting → painting: the lease ran out and another worker took over.
    # Painting → queued: a worker that shuts down gives its job back.
    JobState.PAINTING: frozenset(JobState) - {JobState.ACCEPTED},
    # A moderator releases a held prompt to the queue, or a held picture to its people.
    JobState.HELD: frozenset({JobState.QUEUED, JobState.DONE, JobState.REFUSED, JobState.CANCELLED}),
    JobState.DONE: frozenset(),
    # A refusal that was overturned: a prompt is painted, a picture is delivered.
    JobState.REFUSED: frozenset({JobState.QUEUED, JobState.DONE}),
    JobState.CANCELLED: frozenset(),
    JobState.FAILED: frozenset(),
}


def sources_of(target: JobState) -> frozenset[JobState]:
    """The states from which `target` may be reached."""
    return frozenset(state for state, targets in MOVES.items() if target in targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One accepted request, as read from its row."""

    id: str
    command: str
    request: PaintRequest
    person: Person
    address: Address
    state: JobState
    priority: int
    cost: int
    attempts: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_requested: bool = False
    enough_requested: bool = False  # with the pictures that are finished
    error_code: str | None = None
    error_text: str | None = None
    refused_rule: str = ""
    refused_category: str = ""
    policy_version: str = ""  # of the policy by which the request was admitted
    cleared: bool = False  # a moderator let the request pass: it is not judged again
    spoiler: bool = False  # hidden until clicked, as a moderator or its channel's rules say
    gathering: str | None = None  # the id of the gathering that it is a part of
    part: int | None = None  # its number there
    visibility: JobVisibility = JobVisibility.LISTED

    @property
    def stops(self) -> bool:
        """Its person wants nothing more to be painted."""
        return self.cancel_requested or self.enough_requested

    @property
    def appealable(self) -> bool:
        """Refused, and not by the core: its person may appeal as soon as somebody moderates."""
        return self.state is JobState.REFUSED and self.error_code != CORE

    @property
    def may_appeal(self) -> bool:
        """An appeal is offered: a rule refused it, with an appeal, where somebody moderates."""
        return self.state is JobState.REFUSED and self.error_code == PolicyRefusalError.code

    @property
    def origin_job_id(self) -> str | None:
        """The job whose picture this one starts from, the first of several; None: words or an upload."""
        ids = (source.picture_id for source in self.request.starts if source.picture_id)
        split = split_picture_id(next(ids, ""))
        return split[0] if split else None

    @property
    def duration(self) -> timedelta | None:
        """From the request to its end; None while it goes on."""
        return self.ended_at - self.created_at if self.ended_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """What its end needs to know of a job, as it is in the database at that moment."""

    id: str
    person_key: str
    request: Mapping[str, Any]
    cost: int
    enough_requested: bool
