"""What commands about gatherings and trays answer; part of `studio.commands.results`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from studio.domain.gatherings import Gathering
from studio.domain.people import Person
from studio.domain.pictures import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Tray:
    """What the person collected for a blend: the id, empty for an upload, and the storage key of each picture.

    `added`: whether a picture was added just now; None: none was named.
    """

    items: tuple[tuple[str, str], ...]
    added: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringOpened:
    """The message of the gathering follows. `repeated`: this very request opened it before.

    `channel`: where it follows; empty: where it was asked for.
    """

    gathering_id: str
    repeated: bool = False
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringActed:
    """What came of an act, as a sentence of the gathering's kind; `job_id` is the job that was submitted with it."""

    gathering: Gathering
    code: str
    values: Mapping[str, str | int]
    job_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringsListed:
    """What is open in the community, as far as the person may see it; `elsewhere` are ids of those in others."""

    gatherings: tuple[Gathering, ...]
    elsewhere: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class HallPlace:
    """A winner of a contest. Without a picture and a person the place is empty: it was deleted."""

    title: str
    closed_at: datetime
    person: Person | None = None
    picture: Picture | None = None
    spoiler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HallShown:
    """A page of the winners of a community, the latest first; `first` is the number of its first place."""

    places: tuple[HallPlace, ...]
    page: int = 1
    pages: int = 1
    first: int = 1
