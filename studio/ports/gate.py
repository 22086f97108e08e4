"""Who may ask for what, and which pictures may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from studio.domain.people import Address, Person
from studio.domain.requests import PaintRequest
from studio.domain.settings.communities import NewcomerLimits, Tier
from studio.domain.settings.word_lists import WordTrial
from studio.domain.verdicts import Verdict

if TYPE_CHECKING:
    from PIL.Image import Image


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
    address: Address | None = None  # where it is asked; its channel may have rules of its own
    job_id: str = ""  # of the job that the request will be, so that what follows can be traced to it
    part_words: str = ""  # of the part of a gathering that it is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A picture before anybody sees it. `png` is the encoded picture; `request` is None for a bare upload.

    `original` is an upload's file as it came. `pixels` are what `png` was just encoded from, where they are at hand:
    what can be judged in this process need not be decoded then. They must not be changed meanwhile.
    """

    kind: Inspected
    person: Person
    png: bytes = field(repr=False)
    request: PaintRequest | None = None
    job_id: str = ""
    original: bytes = field(default=b"", repr=False)
    address: Address | None = None  # of the job
    pixels: Image | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a person may do at the moment. `monthly_credits` None: they never run out.

    `weight` is the person's share of a worker against others of weight 1. `policy_version`, of at most 12
    characters, is that of the policy that holds for their community. With `newcomers`, the person shares credits
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
    def try_words(self, moderator: Person, words: Mapping[str, str]) -> WordTrial:
        """Words of the moderator's community: what they would have done to the last
        month's requests. Changes nothing."""

    def allowance(self, person: Person, address: Address | None = None) -> Allowance:
        """By tier and the rules of their community, and of the channel where they ask."""

    def admit(self, admission: Admission) -> Verdict:
        """Judge a request.

        Raises a `RequestRefusedError` for bans and limits; answers a verdict for the policy.
        """

    def require_not_banned(self, person: Person) -> None:
        """Raises `BannedError`."""

    def require_moderators(self, person: Person) -> None:
        """Raises `NotAllowedError` where nobody moderates, with a word on how to name a moderator."""

    def admit_upload(self, person: Person) -> None:
        """Count a file that somebody brings along, before it is opened. Raises `BannedError` and `RateLimitedError`."""

    def check_command_rate(self, person: Person, command: str) -> None:
        """Count a command that is rationed for each person by itself. Raises `RateLimitedError`."""

    def review(self, admission: Admission) -> Verdict:
        """Judge an accepted request again, as when painting starts, without counting it. Raises `BannedError`."""

    def inspect(self, inspection: Inspection) -> Verdict:
        """Judge a picture. Raises `InspectionError` when it cannot: the picture is then not shown."""
