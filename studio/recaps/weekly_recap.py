"""The week of a community, for everybody: who won, whose picture others built on, what was finished together.

Only what happened in public places counts. Nobody is named who wants no recap of theirs, and nobody of a group of fewer
than three.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.db import queries
from studio.db.gatherings import gathering_rows, part_rows
from studio.db.identities.people import find_person
from studio.db.tables import GatheringRow, JobRow, PersonRow, PictureRow
from studio.domain.gatherings import Gathering, PartState
from studio.domain.jobs import HIDDEN, JobState
from studio.domain.people import Person, Platform
from studio.domain.pictures import Picture
from studio.gatherings.kinds import contest, mural, telephone
from studio.recaps.most_built_on import find_most_built_on, wants_recap
from studio.services.visibility import is_private_gathering

LEAST_PEOPLE = 3  # of a group of whom anything is said
_MOST_WINNERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RecapPicture:
    """A picture that is shown, with whose it is. `title`: of the contest that it won."""

    picture: Picture
    person: Person
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyRecap:
    """`builders` counts the people who built on the picture that is `most_built_on`.

    `longest_chain` is the number of turns in the longest chain of telephone, 0 without any. `new_people` are those
    whose first picture this was, 0 for fewer than three. `murals` are the themes of those that were finished.
    """

    since: datetime
    until: datetime
    winners: Sequence[RecapPicture] = ()
    most_built_on: RecapPicture | None = None
    builders: int = 0
    longest_chain: int = 0
    murals: Sequence[str] = ()
    people: int = 0
    new_people: int = 0
    pictures: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.winners or self.most_built_on or self.longest_chain or self.murals or self.people)


def read_recap(
    session: Session, platform: Platform, community: str, *, since: datetime, until: datetime
) -> WeeklyRecap:
    closed = list(_find_closed(session, platform, community, since, until))
    built_on = find_most_built_on(session, (platform, community), since=since, until=until, most=1)
    best = built_on[0] if built_on and built_on[0].builders + 1 >= LEAST_PEOPLE else None
    people, new_people, pictures = _count(session, platform, community, since, until)
    return WeeklyRecap(
        since=since,
        until=until,
        winners=list(_winners(session, closed))[:_MOST_WINNERS],
        most_built_on=_find_picture(session, best.picture_id, best.person_key) if best else None,
        builders=best.builders if best else 0,
        longest_chain=max((_longest_chain(session, found) for found in closed), default=0),
        murals=[str(found.rules.get("theme", "")) for found in closed if _is_finished_mural(session, found)],
        people=people if people >= LEAST_PEOPLE else 0,
        new_people=new_people if new_people >= LEAST_PEOPLE else 0,
        pictures=pictures if people >= LEAST_PEOPLE else 0,
    )


def _find_closed(
    session: Session, platform: Platform, community: str, since: datetime, until: datetime
) -> Iterator[Gathering]:
    query = select(GatheringRow).where(
        gathering_rows.in_community(platform, community),
        GatheringRow.closed_at >= since,
        GatheringRow.closed_at < until,
    )
    for row in session.scalars(query.order_by(GatheringRow.closed_at, GatheringRow.id)):
        gathering = gathering_rows.gathering_of(row)
        if not is_private_gathering(gathering):
            yield gathering


def _winners(session: Session, closed: Sequence[Gathering]) -> Iterator[RecapPicture]:
    for gathering in closed:
        numbers = gathering.data.get("winners")
        if gathering.kind != contest.NAME or not isinstance(numbers, list):
            continue
        parts = part_rows.parts_of(session, gathering.id)
        entered = {part.human for part in parts if part.state is PartState.SET}
        if len(entered) < LEAST_PEOPLE:
            continue
        for part in parts:
            if part.ordinal in numbers and part.picture and part.person_key:
                title = str(gathering.rules.get("title", ""))
                if shown := _find_picture(session, part.picture, part.person_key, title):
                    yield shown


def _find_picture(session: Session, picture_id: str, person_key: str, title: str = "") -> RecapPicture | None:
    """None for a picture that is gone or hidden, and for somebody who is not to be named."""
    row = session.get(PictureRow, picture_id)
    job = session.get(JobRow, row.job_id) if row is not None else None
    if row is None or job is None or row.deleted_at is not None or not wants_recap(session, person_key):
        return None
    if job.spoiler or job.state != JobState.DONE or job.address.get("private"):
        return None
    return RecapPicture(picture=queries.picture_of(row), person=find_person(session, person_key), title=title)


def _longest_chain(session: Session, gathering: Gathering) -> int:
    """The most turns that were set in one chain of a game of telephone that had at least three players."""
    if gathering.kind != telephone.NAME:
        return 0
    lengths: dict[int, int] = {}
    for part in part_rows.parts_of(session, gathering.id):
        if part.state is PartState.SET:
            lengths[part.round] = lengths.get(part.round, 0) + 1
    longest = max(lengths.values(), default=0)
    return longest if longest >= LEAST_PEOPLE else 0


def _is_finished_mural(session: Session, gathering: Gathering) -> bool:
    if gathering.kind != mural.NAME or gathering.state != mural.FULL:
        return False
    humans = {part.human for part in part_rows.parts_of(session, gathering.id) if part.human}
    return len(humans) >= LEAST_PEOPLE


def _count(
    session: Session, platform: Platform, community: str, since: datetime, until: datetime
) -> tuple[int, int, int]:
    """People who made pictures in public places, those of them who are new, and the pictures."""
    query = (
        select(PictureRow.id, PersonRow.human, PersonRow.first_seen_at, JobRow.address)
        .join(JobRow, PictureRow.job_id == JobRow.id)
        .join(PersonRow, PictureRow.person_key == PersonRow.key)
        .where(
            JobRow.platform == platform,
            JobRow.community == community,
            JobRow.created_at >= since,
            JobRow.created_at < until,
            JobRow.state == JobState.DONE,
            JobRow.visibility.not_in(HIDDEN),
            PictureRow.deleted_at.is_(None),
        )
    )
    rows = [row for row in session.execute(query) if not row.address.get("private")]
    new = {row.human for row in rows if row.first_seen_at >= since}
    return len({row.human for row in rows}), len(new), len(rows)
