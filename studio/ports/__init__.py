"""What the studio needs from other packages. `chatelier.wiring` supplies the implementations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from studio.domain.cases import Case, CaseDetails, Decision
from studio.domain.events import Event, JobProgress
from studio.domain.people import Person
from studio.domain.provenance import Traces
from studio.domain.requests import Operation, PaintRequest
from studio.domain.settings.communities import CommunityRules, NewcomerLimits, Tier
from studio.domain.verdicts import Verdict

if TYPE_CHECKING:
    from PIL.Image import Image

    from studio.db.database import Database


class Inspected(StrEnum):
    UPLOAD = "upload"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A request at the gate. `lineage_prompts` are the prompts of the ancestors, oldest first."""

    person: Person
    command: str
    request: PaintRequest
    outstanding_jobs: int
    lineage_prompts: tuple[str, ...] = ()
    job_id: str = ""  # of the job that the request will be, so that what follows can be traced to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A picture before anybody sees it. `png` is the encoded picture; `request` is None for a bare upload."""

    kind: Inspected
    person: Person
    png: bytes = field(repr=False)
    request: PaintRequest | None = None
    job_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a person may do at the moment. `monthly_credits` None: they never run out.

    `weight` is the person's share of a worker against others of weight 1. `policy_version`, of at most 12
    characters, is that of the house rules that hold for their community. With `newcomers`, the person shares credits
    and jobs at once with others on their first day there; None: with nobody.
    """

    tier: Tier = Tier.MEMBER
    monthly_credits: int | None = None
    max_outstanding_jobs: int = 10
    max_pictures: int = 4
    weight: float = 1.0
    policy_version: str = ""
    newcomers: NewcomerLimits | None = None


class Gate(Protocol):
    def allowance(self, person: Person) -> Allowance:
        """By tier and the rules of their community."""

    def admit(self, admission: Admission) -> Verdict:
        """Judge a request.

        Raises a `RequestRefusedError` for bans and limits; answers a verdict for the house rules.
        """

    def require_welcome(self, person: Person) -> None:
        """Raises `BannedError`."""

    def require_moderators(self, person: Person) -> None:
        """Raises `NotAllowedError` where nobody moderates, with a word on how to name a moderator."""

    def admit_upload(self, person: Person) -> None:
        """Count a file that somebody brings along, before it is opened. Raises `BannedError` and `RateLimitedError`."""

    def admit_errand(self, person: Person, command: str) -> None:
        """Count a command that is rationed for each person by itself. Raises `RateLimitedError`."""

    def review(self, admission: Admission) -> Verdict:
        """Judge an accepted request again, as when painting starts, without counting it. Raises `BannedError`."""

    def inspect(self, inspection: Inspection) -> Verdict:
        """Judge a picture. Raises `InspectionError` when it cannot: the picture is then not shown."""


class Signer(Protocol):
    """What makes the copy of a picture that people get.

    Raises `SigningError` where an administrator wants nothing shown without it.
    """

    def mark(self, picture: Image, *, picture_id: str) -> Image:
        """The picture with its visible signature and its id in it, unseen. The one given is not changed."""

    def certify(self, png: bytes, *, picture_id: str, operation: Operation) -> bytes:
        """The PNG with credentials; all else that it holds stays as it is."""


class Examiner(Protocol):
    def examine(self, data: bytes, *, png: bytes) -> Traces:
        """What a file of any origin says of where it comes from; `png` is the same, made harmless by the darkroom.

        Raises `BadImageError`, and `ExaminationError` when it cannot tell.
        """


class Queue(Protocol):
    def enqueue(self, job_id: str, *, priority: int, model: str | None) -> None:
        """Hand a job to the workers. Raises `QueueUnavailableError`; the sweeper sends the job again later."""

    def waiting(self) -> frozenset[str]:
        """The ids of the jobs whose messages lie in the queue. Raises `QueueUnavailableError`."""

    def cancel(self, job_id: str) -> None:
        """Tell the worker that paints this job to stop within a step. Best effort: the row is the truth."""

    def set_aside(self, job_id: str) -> None:
        """Tell the worker that paints this job to give it back within a step. Best effort, as `cancel`."""


STORE_PARTS = 256  # a store can be looked through part by part


class Store(Protocol):
    def put(self, data: bytes, *, suffix: str) -> str:
        """Keep bytes and return their key, made from their hash: the same bytes have the same key.

        A file that is put again is as good as new. `suffix` is the file ending with its dot. Raises
        `StorageError`; never leaves half a file.
        """

    def get(self, key: str) -> bytes:
        """Raises `NotFoundError` for an unknown key, `StorageError` when the storage cannot be read."""

    def delete(self, key: str, *, unless_put_since: datetime | None = None) -> None:
        """Deleting an unknown key does nothing."""

    def list_put(self, part: int, *, since: datetime, before: datetime) -> list[str]:
        """The keys in one of `STORE_PARTS` parts, counted from 0, that were last put between two times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUpload:
    """An upload made harmless: RGB PNG without metadata.

    If it has transparency: `mask_png` is white where the picture is transparent, and `as_mask_png` is the upload read
    as the mask of another picture, white where that one may change.
    """

    png: bytes = field(repr=False)
    width: int
    height: int
    mask_png: bytes | None = field(default=None, repr=False)
    as_mask_png: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedMask:
    """Black and white, at the size of its picture. `box` is (left, top, right, bottom) of what is white, in pixels."""

    png: bytes = field(repr=False)
    box: tuple[int, int, int, int]


class ImageTools(Protocol):
    """Picture work that faces need, without a model."""

    def clean(self, data: bytes) -> CleanUpload:
        """Raises `BadImageError` with one sentence for everything that is not a usable picture."""

    def grid(self, pictures: Sequence[bytes]) -> bytes:
        """Encoded pictures in, one PNG with numbered tiles out."""

    def fit_mask(self, mask: bytes, *, picture: bytes) -> FittedMask:
        """Raises `BadImageError` for another ratio of width to height, and for a mask that marks nothing or
        everything.
        """

    def overlay(self, picture: bytes) -> bytes:
        """The picture with the lettered grid A1–D4 on it, as PNG."""

    def fit(self, picture: bytes, *, limit_bytes: int) -> tuple[bytes, str]:
        """The picture in at most `limit_bytes`, and its file suffix; re-encoded or shrunk when needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One durable event for one face. Call `acknowledge` when it has been acted upon."""

    event: Event
    acknowledge: Callable[[], None]


class Events(Protocol):
    def publish(self, event: Event) -> None:
        """Send a durable event. Raises `QueueUnavailableError`; the outbox keeps it."""

    def announce(self, progress: JobProgress) -> None:
        """Send fleeting progress; never raises."""

    def deliveries(self, frontend: str, consumer: str, stop: threading.Event) -> Iterator[Delivery]:
        """Durable events for a face, shared by its consumers, unacknowledged ones again, until `stop`."""

    def progress(self, stop: threading.Event) -> Iterator[JobProgress]:
        """Fleeting progress, until `stop` is set."""

    def ping(self) -> None:
        """Raises `QueueUnavailableError` when events cannot be sent at the moment."""


class Desk(Protocol):
    """The moderators' desk. What is decided there has consequences and is written to the audit chain.

    `who` is a person's key. What names a `moderator` raises `NotAllowedError` for somebody who is none, and for their
    own case.
    """

    def claim(self, moderator: Person, case_id: str) -> CaseDetails:
        """Take a case for ten minutes and read it. Raises `NotFoundError` and `CaseTakenError`."""

    def read(self, case_id: str) -> CaseDetails:
        """What a case is about, for the place where the moderators see it. Raises `NotFoundError`."""

    def decide(self, moderator: Person, case_id: str, decision: Decision, *, note: str = "") -> Case:
        """Close a case and do what follows. Raises `NotFoundError`, `CaseTakenError` and `BadParameterError`."""

    def ban(self, moderator: Person, who: str, *, until: datetime | None, reason: str) -> None:
        """Stop somebody at once, on all their linked identities; their jobs are cancelled."""

    def unban(self, moderator: Person, who: str) -> bool:
        """False: there was no ban."""

    def govern(self, moderator: Person, change: Callable[[CommunityRules], CommunityRules]) -> CommunityRules:
        """Change the rules of the moderator's community, and say what they are now. Raises `BadParameterError`.

        A pause is the kill switch: nothing new is accepted, what is being painted stops and waits.
        """

    def forget(self, person: Person) -> bool:
        """What the moderators' records say of a person, on all their identities, is erased; bans and strikes stay.

        Whether strikes of theirs hold. Nobody but the person may ask for it.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnableModel:
    """A model whose weights some worker has, and the names of its LoRAs. `note` is what people should know of it."""

    name: str
    loras: tuple[str, ...] = ()
    note: str = ""


class GenerationOptions(Protocol):
    """The names that people may give in a request."""

    def models(self) -> tuple[RunnableModel, ...]:
        """Those that this installation can run, the default one first."""

    def styles(self) -> tuple[str, ...]:
        """In lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceLimits:
    """Numbers that an administrator may set."""

    monthly_credits: int | None = None  # None: credits are counted and never run out
    max_outstanding_jobs: int = 10  # per person
    max_attempts: int = 8  # leases a job may lose before it counts as failed
    lease_seconds: float = 30.0
    max_pictures: int = 4  # per job


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything a command handler may touch."""

    database: Database
    gate: Gate
    queue: Queue
    store: Store
    events: Events
    image_tools: ImageTools
    desk: Desk
    examiner: Examiner
    options: GenerationOptions
    rules: InstanceLimits = InstanceLimits()
