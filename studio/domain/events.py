"""What the studio tells the front ends.

All but `JobProgress` are durable: written to the outbox in the transaction that makes them true, then sent
through a Redis stream until each front end has acknowledged them. `JobProgress` is fleeting: a lost one costs nothing.
"""

from dataclasses import dataclass, field

from studio.domain.jobs import JobState
from studio.domain.people import Platform


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFinished:
    """A picture can be seen while others of its job are still being painted."""

    job_id: str
    platform: Platform
    picture_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChanged:
    """A moderator moved a job that had ended or was held: its message shows it anew."""

    job_id: str
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChanged:
    """A case was opened, claimed or decided. The desk, or the one person asked, sees it."""

    case_id: str
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWritten:
    """There is a notice for one person."""

    notice_id: str
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWritten:
    """What happened in a week, for a community's log channel."""

    platform: Platform
    community: str
    channel: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecapDue:
    """The week that began on the Monday `week`, 2026-11-16, is to be shown in a channel of the community."""

    platform: Platform
    community: str
    channel: str
    week: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringChanged:
    """A shared game changed: its message shows it anew, and jobs that it wants are submitted."""

    gathering_id: str
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringRemark:
    """Something happened in a shared game that people are told of, once: in its thread, or to one person privately.

    `code` is a remark of its kind, with `values`. `person` is a key: whom it names, or with `private` who gets it.
    `number` tells remarks of one gathering apart. `or_in_thread`: somebody who takes no direct messages is told there.
    """

    gathering_id: str
    platform: Platform
    code: str
    values: dict[str, str | int] = field(default_factory=dict)
    person: str | None = None
    private: bool = False
    or_in_thread: bool = False
    number: int = 0

    def __hash__(self) -> int:
        return hash((self.gathering_id, self.code, self.number, self.person))


JobEvent = JobAccepted | JobEnded | JobChanged | PictureFinished | PictureChanged
GatheringEvent = GatheringChanged | GatheringRemark
Event = JobEvent | CaseChanged | NoticeWritten | DigestWritten | RecapDue | GatheringEvent

EVENT_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        *(JobAccepted, JobEnded, JobChanged, PictureFinished, PictureChanged),
        *(CaseChanged, NoticeWritten, DigestWritten, RecapDue),
        *(GatheringChanged, GatheringRemark),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """Step `step` of `steps`, over all pictures of the job. `preview` is a small ``data:`` URL or None.

    `seconds_left` is None where it is not known. `finished` counts the pictures that can be seen already.
    """

    job_id: str
    platform: Platform
    step: int
    steps: int
    preview: str | None = None
    seconds_left: float | None = None
    finished: int = 0
