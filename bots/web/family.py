"""One picture with its recipe and its family: what it came from and what became of it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bots.web.cards import Tile, load_stars
from studio.db import records
from studio.db.tables import JobRow, LineageRow, PictureRow
from studio.jobs import Job, JobState
from studio.people import Person

_MOST_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """Another picture of the family; not `visible` when it was deleted or never shown."""

    picture_id: str
    maker: str
    prompt: str
    visible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    tile: Tile
    job: Job
    siblings: tuple[str, ...]  # ids of all pictures of the job, in order
    ancestors: tuple[Relative, ...]  # nearest first
    children: tuple[Relative, ...]

    @property
    def before(self) -> str | None:
        place = self.siblings.index(self.tile.picture.id)
        return self.siblings[place - 1] if place else None

    @property
    def after(self) -> str | None:
        place = self.siblings.index(self.tile.picture.id) + 1
        return self.siblings[place] if place < len(self.siblings) else None


def load_portrait(session: Session, picture_id: str, viewer: Person) -> Portrait:
    """Raises `NotFound` for pictures that the viewer may not see."""
    picture = records.find_picture(session, picture_id, viewer=viewer)
    ancestors = [each.id for each in records.ancestors(session, [picture_id])]
    children = select(LineageRow.child).where(LineageRow.parent == picture_id).limit(_MOST_SHOWN * 2)
    return Portrait(
        tile=Tile(picture=picture, starred_by=tuple(load_stars(session, [picture_id]).get(picture_id, ()))),
        job=records.find_job(session, picture.job_id),
        siblings=tuple(each.id for each in records.pictures_of_job(session, picture.job_id)),
        ancestors=_relatives(session, ancestors[:_MOST_SHOWN]),
        children=tuple(each for each in _relatives(session, list(session.scalars(children))) if each.visible)[
            :_MOST_SHOWN
        ],
    )


def _relatives(session: Session, picture_ids: list[str]) -> tuple[Relative, ...]:
    """In the order of the ids."""
    query = select(PictureRow, JobRow.person, JobRow.state).join(JobRow, JobRow.id == PictureRow.job_id)
    found = {}
    for row, person, state in session.execute(query.where(PictureRow.id.in_(picture_ids))):
        visible = row.deleted_at is None and state == JobState.DONE
        found[row.id] = Relative(
            picture_id=row.id,
            maker=person["display_name"],
            prompt=row.recipe["prompt"] if visible else "",
            visible=visible,
        )
    return tuple(found[each] for each in picture_ids if each in found)
