"""Whose pictures others built on most, by the lineage of public pictures.

Linked identities are one person, nobody counts for themself, and however often somebody builds on somebody's pictures,
they are one. Deleted, hidden and private pictures do not count, and people who want no recap of theirs do not appear.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from studio.db.settings import preferences_of
from studio.db.tables import JobRow, LineageRow, PersonRow, PictureRow
from studio.domain.jobs import HIDDEN, JobState
from studio.domain.people import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltOnPerson:
    """`builders` are the people who built on pictures of theirs, `uses` the pairs of a picture and such a person.

    `picture_id` is the picture that most others built on, `person_key` the identity that made it.
    """

    person_key: str
    picture_id: str
    uses: int
    builders: int


def find_most_built_on(
    session: Session, home: tuple[Platform, str], *, since: datetime, until: datetime, most: int
) -> list[BuiltOnPerson]:
    """Those whose pictures others of the community built on in that time, most builders first."""
    builders_of: dict[str, dict[str, set[str]]] = {}  # by human, by picture: the others
    key_of: dict[str, str] = {}
    for picture_id, key, human, builder in _uses(session, home, since, until):
        builders_of.setdefault(human, {}).setdefault(picture_id, set()).add(builder)
        key_of[picture_id] = key
    entries = [_entry_of(pictures, key_of) for pictures in builders_of.values()]
    entries.sort(key=lambda entry: (-entry.builders, -entry.uses, entry.picture_id))
    found: list[BuiltOnPerson] = []
    for entry in entries:
        if len(found) == most:
            break
        if wants_recap(session, entry.person_key):
            found.append(entry)
    return found


def wants_recap(session: Session, person_key: str) -> bool:
    """Whether somebody may be named, by the settings of the identity that acted."""
    return preferences_of(session, person_key).recap


def _entry_of(pictures: Mapping[str, set[str]], key_of: Mapping[str, str]) -> BuiltOnPerson:
    best = min(pictures, key=lambda picture_id: (-len(pictures[picture_id]), picture_id))
    return BuiltOnPerson(
        person_key=key_of[best],
        picture_id=best,
        uses=sum(map(len, pictures.values())),
        builders=len(set().union(*pictures.values())),
    )


def _uses(
    session: Session, home: tuple[Platform, str], since: datetime, until: datetime
) -> list[tuple[str, str, str, str]]:
    """Picture, its maker's key and human, and the human who built on it; of different humans."""
    parent, child = aliased(PictureRow), aliased(PictureRow)
    parent_job, child_job = aliased(JobRow), aliased(JobRow)
    maker, builder = aliased(PersonRow), aliased(PersonRow)
    query = (
        select(
            parent.id, parent.person_key, maker.human, builder.human, parent_job.address, child_job.address
        )
        .select_from(child)
        .join(LineageRow, LineageRow.child == child.id)
        .join(parent, LineageRow.parent == parent.id)
        .join(child_job, child.job_id == child_job.id)
        .join(parent_job, parent.job_id == parent_job.id)
        .join(maker, parent.person_key == maker.key)
        .join(builder, child.person_key == builder.key)
        .where(
            *(
                clause
                for job in (child_job, parent_job)
                for clause in (
                    job.platform == home[0],
                    job.community == home[1],
                    job.state == JobState.DONE,
                    job.visibility.not_in(HIDDEN),
                    job.spoiler.is_(False),
                )
            ),
            child_job.created_at >= since,
            child_job.created_at < until,
            child.deleted_at.is_(None),
            parent.deleted_at.is_(None),
            maker.human != builder.human,
        )
    )
    return [
        (picture_id, key, human, other)
        for picture_id, key, human, other, *addresses in session.execute(query)
        if not any(address.get("private") for address in addresses)
    ]
