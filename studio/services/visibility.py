"""Who may see a picture or a job, its words, its maker's name and its id: `may_see` decides, for every front end.

A job belongs to the community in which it was asked for, and one that was asked for in a private place to the people
who are there. Its own person sees it everywhere, under all their linked identities. A linked identity may carry a
picture over into another place; what it came from stays where it was.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select
from sqlalchemy.orm import Session

from studio.db import queries
from studio.db.gatherings.ballot_rows import members_of
from studio.db.identities.linked_identities import human_of, identities, same_human
from studio.db.tables import JobRow, PictureRow
from studio.domain.gatherings import Gathering
from studio.domain.jobs import HIDDEN, Job, JobState, JobVisibility
from studio.domain.people import Address, Person, Platform
from studio.domain.pictures import Picture
from studio.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The readers of a page, message or answer: one person, or everybody in a place where `person_key` is None.

    `channel` is where they are; None: in no channel, as on a page.
    """

    home: tuple[Platform, str]
    channel: str | None = None
    person_key: str | None = None

    @classmethod
    def of_person(cls, person: Person, *, channel: str | None = None) -> "Audience":
        return cls(home=person.home, channel=channel, person_key=person.key)

    @classmethod
    def of_asker(cls, person: Person, address: Address) -> "Audience":
        """The person alone, where they ask: answers that tell of other people's pictures are for nobody else."""
        return cls.of_person(person, channel=address.channel)

    @classmethod
    def of_message(cls, job: Job) -> "Audience":
        """Everybody who can read the message of a job."""
        return cls(home=job.person.home, channel=job.address.channel)


def may_see(session: Session, job: Job, audience: Audience) -> bool:
    """Whether the audience may know of a job and its pictures. An unlisted one is its person's alone."""
    if not is_unlisted(job) and job.person.home == audience.home and _is_near(job.address, audience):
        return True
    return audience.person_key is not None and same_human(session, job.person.key, audience.person_key)


def visible_rows(audience: Audience, identities_of_audience: Collection[str]) -> ColumnElement[bool]:
    """`may_see` as a condition on the rows of jobs, for lists that the database filters.

    `identities_of_audience` are the keys of the audience's person and of everybody linked to them.
    """
    private = func.coalesce(JobRow.address["private"].as_boolean(), false())
    here = JobRow.address["channel"].as_string() == (audience.channel or "")
    near = and_(
        JobRow.platform == audience.home[0],
        JobRow.community == audience.home[1],
        JobRow.visibility.not_in(HIDDEN),
        or_(not_(private), here) if audience.channel else not_(private),
    )
    return or_(near, JobRow.person_key.in_(identities_of_audience))


def is_private(job: Job) -> bool:
    """Whether a page for the whole community keeps it from everybody but its own person."""
    return job.address.private or is_unlisted(job)


def is_unlisted(job: Job) -> bool:
    """Whether its words and pictures are its person's alone, so that nobody stars it."""
    return job.visibility in HIDDEN


def is_secret_turn(job: Job) -> bool:
    """Whether a game does not tell yet what was asked for: even lists of its own person name it without words."""
    return job.visibility is JobVisibility.UNLISTED


def is_withheld(session: Session, job: Job, person: Person) -> bool:
    """Whether a job is unlisted and somebody else's, so that it is not there for the person, wherever they are."""
    return is_unlisted(job) and not same_human(session, job.person.key, person.key)


def is_private_gathering(gathering: Gathering) -> bool:
    """Whether a page for the whole community keeps it from everybody but those who take part."""
    return gathering.address.private


def may_see_gathering(session: Session, gathering: Gathering, audience: Audience) -> bool:
    """Whether the audience may know of a gathering, which has the privacy of its channel.

    Who joined one sees it from everywhere, under all their linked identities.
    """
    home = gathering.address.home
    if home == audience.home and _is_near(gathering.address, audience):
        return True
    if audience.person_key is None:
        return False
    human = human_of(session, audience.person_key)
    if human in members_of(session, gathering.id):
        return True
    keys = identities(session, audience.person_key)
    return not is_private_gathering(gathering) and any(
        key.startswith(f"{home[0]}:{home[1]}:") for key in keys
    )


def _is_near(address: Address, audience: Audience) -> bool:
    return not address.private or address.channel == audience.channel


def find_picture(session: Session, picture_id: str, audience: Audience, *, early: bool = False) -> Picture:
    """Without the ids of parents that the audience may not see. `early` as in `studio.db.queries.find_picture`.

    Raises `NotFoundError` for unknown and deleted pictures, held ones, and those that the audience may not see.
    """
    picture = queries.find_picture(session, picture_id, early=early)
    if not may_see(session, queries.find_job(session, picture.job_id), audience):
        raise NotFoundError("picture", id=picture_id[:14])
    return without_hidden_parents(session, picture, audience)


def find_pictures(
    session: Session, picture_ids: Sequence[str], audience: Audience
) -> list[tuple[Picture, Job]]:
    """In the order of the ids, with their jobs, deleted ones too; without those that were never shown to anybody, or
    that the audience may not see.
    """
    query = select(PictureRow, JobRow).join(JobRow, JobRow.id == PictureRow.job_id)
    shown = query.where(PictureRow.id.in_(picture_ids), JobRow.state == JobState.DONE)
    rows = session.execute(shown) if picture_ids else ()
    found = {row.id: (queries.picture_of(row), queries.job_of(job)) for row, job in rows}
    family = [found[picture_id] for picture_id in picture_ids if picture_id in found]
    return [(picture, job) for picture, job in family if may_see(session, job, audience)]


def without_hidden_parents(session: Session, picture: Picture, audience: Audience) -> Picture:
    recipe = picture.recipe
    parents = tuple(parent for parent in recipe.parents if _may_see_picture(session, parent, audience))
    return picture if parents == recipe.parents else replace(picture, recipe=replace(recipe, parents=parents))


def _may_see_picture(session: Session, picture_id: str, audience: Audience) -> bool:
    row = session.get(PictureRow, picture_id)
    return row is not None and may_see(session, queries.find_job(session, row.job_id), audience)
