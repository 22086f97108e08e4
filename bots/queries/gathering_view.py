"""A gathering as it is shown: its parts with their pictures and people, and what one reader may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from studio.db import queries
from studio.db.database import Database
from studio.db.deliveries import message_of
from studio.db.gatherings import ballot_rows, gathering_rows, part_rows
from studio.db.identities.linked_identities import human_of
from studio.db.identities.people import find_person
from studio.db.tables import JobRow, PictureRow
from studio.domain.deliveries import DeliveryKind, MessageRef
from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.jobs import JobVisibility
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.errors import NotFoundError
from studio.gatherings.registry import find_kind
from studio.services.visibility import Audience, may_see_gathering


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """A part with its picture, unless that is gone, and its owner. `spoiler`: hidden until the reader asks for it.

    `pixelated`: the platform cannot hide it, so a coarse copy stands for it. `unlisted`: not revealed yet.
    `candidates`: while its owner chooses, all pictures of its job.
    """

    part: Part
    picture: Picture | None = None
    candidates: tuple[Picture, ...] = ()
    person: Person | None = None
    spoiler: bool = False
    pixelated: bool = False
    unlisted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One person who looks at a gathering: what they chose in its present round, and what they may do.

    `pages` are the numbers of the parts on each page of their ballot, as far as it was dealt.
    """

    person: Person
    human: str
    chosen: frozenset[int] = frozenset()
    joined: bool = False
    hosts: bool = False
    pages: Sequence[Sequence[int]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringView:
    """`voters` counts the humans who voted in the present round; `votes` are by part, empty while they are hidden.

    `members` are in the order in which they joined. `chose` are those who voted in any round, once
    it is over.
    """

    gathering: Gathering
    host: Person
    parts: tuple[PartView, ...] = ()
    voters: int = 0
    votes: Mapping[int, int] = field(default_factory=dict)
    members: tuple[Person, ...] = ()
    chose: tuple[Person, ...] = ()
    message_ref: MessageRef | None = None
    reader: Reader | None = None

    def part(self, ordinal: int) -> PartView | None:
        return next((each_part for each_part in self.parts if each_part.part.ordinal == ordinal), None)


def load_gathering_view(
    database: Database,
    gathering_id: str,
    *,
    reader: Person | None = None,
    channel: str | None = None,
    pixelated: bool = False,
) -> GatheringView:
    """With a reader, who is in `channel`: what they may see. `pixelated`: the platform has no spoilers.

    Raises `NotFoundError`.
    """
    with database.read() as session:
        gathering = gathering_rows.find_gathering(session, gathering_id)
        if reader is not None:
            audience = Audience.of_person(reader, channel=channel)
            if not may_see_gathering(session, gathering, audience):
                raise NotFoundError("gathering", id=gathering_id[:12])
        return _load(session, gathering, reader, pixelated=pixelated)


def _load(session: Session, gathering: Gathering, reader: Person | None, *, pixelated: bool) -> GatheringView:
    hidden = find_kind(gathering.kind).hides_votes(gathering.before or gathering.state)
    votes = {} if hidden else ballot_rows.count_votes(session, gathering.id, gathering.round)
    voters = ballot_rows.voters_of(session, gathering.id, gathering.round)
    members = ballot_rows.members_of(session, gathering.id)
    parts = part_rows.parts_of(session, gathering.id)
    return GatheringView(
        gathering=gathering,
        host=find_person(session, gathering.host),
        parts=tuple(_part_view(session, part, pixelated=pixelated) for part in parts),
        voters=len(voters),
        votes=votes,
        members=tuple(find_person(session, key) for key in members.values()),
        chose=_all_voters(session, gathering) if gathering.is_over else (),
        message_ref=message_of(session, DeliveryKind.GATHERING, gathering.id),
        reader=_reader(session, gathering, reader, members) if reader else None,
    )


def _all_voters(session: Session, gathering: Gathering) -> tuple[Person, ...]:
    voters = ballot_rows.all_voters_of(session, gathering.id)
    return tuple(find_person(session, key) for key in voters.values())


def _part_view(session: Session, part: Part, *, pixelated: bool) -> PartView:
    row = session.get(PictureRow, part.picture) if part.picture else None
    picture = queries.picture_of(row) if row is not None and row.deleted_at is None else None
    job = session.get(JobRow, row.job_id) if row is not None else None
    person = find_person(session, part.person_key) if part.person_key else None
    choosing = part.state is PartState.CHOOSING and part.job is not None
    hidden = job is not None and job.spoiler
    return PartView(
        part=part,
        picture=picture,
        candidates=tuple(queries.pictures_of_job(session, part.job or "")) if choosing else (),
        person=person,
        spoiler=hidden and not pixelated,
        pixelated=hidden and pixelated,
        unlisted=job is not None and job.visibility == JobVisibility.UNLISTED,
    )


def _reader(session: Session, gathering: Gathering, person: Person, members: Mapping[str, str]) -> Reader:
    human = human_of(session, person.key)
    chosen = ballot_rows.choices_of(session, gathering.id, gathering.round, human=human)
    return Reader(
        person=person,
        human=human,
        chosen=chosen,
        joined=human in members,
        pages=ballot_rows.dealt_pages(session, gathering.id, human=human),
        hosts=(person.moderates and person.home == gathering.address.home)
        or human_of(session, gathering.host) == human,
    )
