"""One picture with its recipe and its family: what it came from and what became of it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bots.web.queries.job_cards import Tile, load_stars
from studio.db import queries
from studio.db.tables import JobRow, LineageRow, PictureRow
from studio.domain.jobs import Job, JobState
from studio.domain.people import Person
from studio.services.visibility import Audience, find_picture, may_see, without_hidden_parents

_MOST_SHOWN = 12
_MOST_LOOKED_AT = 100  # some may be hidden from the viewer
_MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """Another picture of the family that the viewer may know of; not `visible` when it was deleted."""

    picture_id: str
    maker: str
    prompt: str
    visible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDetails:
    tile: Tile
    job: Job
    siblings: tuple[str, ...]  # ids of all pictures of the job, in order
    ancestors: tuple[Relative, ...]  # nearest first
    children: tuple[Relative, ...]
    more_children: int = 0  # that are there too, and not shown

    @property
    def before(self) -> str | None:
        place = self.siblings.index(self.tile.picture.id)
        return self.siblings[place - 1] if place else None

    @property
    def after(self) -> str | None:
        place = self.siblings.index(self.tile.picture.id) + 1
        return self.siblings[place] if place < len(self.siblings) else None


def load_details(session: Session, picture_id: str, viewer: Person) -> PictureDetails:
    """Raises `NotFoundError` for pictures that the viewer may not see."""
    audience = Audience.of_person(viewer)
    picture = without_hidden_parents(session, find_picture(session, picture_id, audience), audience)
    ancestors = [each.id for each in queries.ancestors(session, [picture_id])]
    query = select(LineageRow.child).where(LineageRow.parent == picture_id).limit(_MOST_COUNTED)
    became = _relatives(session, list(session.scalars(query)), audience)
    children = [each for each in became if each.visible]
    return PictureDetails(
        tile=Tile(picture=picture, starred_by=tuple(load_stars(session, [picture_id]).get(picture_id, ()))),
        job=queries.find_job(session, picture.job_id),
        siblings=tuple(each.id for each in queries.pictures_of_job(session, picture.job_id)),
        ancestors=_relatives(session, ancestors[:_MOST_LOOKED_AT], audience)[:_MOST_SHOWN],
        children=tuple(children[:_MOST_SHOWN]),
        more_children=len(children[_MOST_SHOWN:]),
    )


def _relatives(session: Session, picture_ids: list[str], audience: Audience) -> tuple[Relative, ...]:
    """In the order of the ids, without those that were never shown to anybody or that the audience may not see."""
    query = select(PictureRow, JobRow).join(JobRow, JobRow.id == PictureRow.job_id)
    shown = query.where(PictureRow.id.in_(picture_ids), JobRow.state == JobState.DONE)
    found = {}
    for row, of_job in session.execute(shown):
        job = queries.job_of(of_job)
        if may_see(session, job, audience):
            visible = row.deleted_at is None
            found[row.id] = Relative(
                picture_id=row.id,
                maker=job.person.display_name,
                prompt=row.recipe["prompt"] if visible else "",
                visible=visible,
            )
    return tuple(found[each] for each in picture_ids if each in found)
