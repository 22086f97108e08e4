"""One picture with its recipe and its family: what it came from and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bots.queries.job_view import JobView, Origin, load_job_views
from studio.commands.pictures.lineage import find_wholes
from studio.commands.results import Whole
from studio.db import queries
from studio.db.identities import linked_identities
from studio.db.tables import LineageRow
from studio.domain.jobs import Job
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.domain.requests import Operation, Source
from studio.services import file_references
from studio.services.visibility import Audience, find_picture, find_pictures

_OF_ONE_SHAPE = frozenset({Operation.EDIT, Operation.UPSCALE})
_MOST_SHOWN = 12
_MOST_LOOKED_AT = 100  # some may be hidden from the viewer
_MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDetails:
    """`view` is the view of its job, without the job's other pictures. A relative that was deleted has no id."""

    picture: Picture
    view: JobView
    siblings: tuple[str, ...]  # ids of all pictures of the job, in order
    ancestors: Sequence[Origin]  # nearest first
    children: Sequence[Origin]
    more_children: int = 0  # that are there too, and not shown
    before: tuple[Picture, Job] | None = None  # what was edited or upscaled, where the viewer may see it
    edits_upload: bool = False  # an image of the viewer's own, which nobody else sees
    wholes: Sequence[Whole] = ()

    def neighbours(self, path: str) -> tuple[str, str]:
        """The addresses below `path` of the pictures before and after it; empty where there is none."""
        around = ["", *(f"{path}{picture_id}" for picture_id in self.siblings), ""]
        place = self.siblings.index(self.picture.id) + 1
        return around[place - 1], around[place + 1]


def load_details(session: Session, picture_id: str, viewer: Person) -> PictureDetails:
    """Raises `NotFoundError` for pictures that the viewer may not see."""
    audience = Audience.of_person(viewer)
    picture = find_picture(session, picture_id, audience)
    job = queries.find_job(session, picture.job_id)
    source = source_before(job)
    (view,) = load_job_views(session, [job])
    ancestors = [ancestor.id for ancestor in queries.ancestors(session, [picture_id])]
    query = select(LineageRow.child).where(LineageRow.parent == picture_id).limit(_MOST_COUNTED)
    became = _origins(session, list(session.scalars(query)), audience)
    children = [child for child in became if child.picture_id]
    return PictureDetails(
        picture=picture,
        view=replace(view, pictures=(picture,)),
        siblings=tuple(sibling.id for sibling in view.pictures),
        ancestors=_origins(session, ancestors[:_MOST_LOOKED_AT], audience)[:_MOST_SHOWN],
        children=children[:_MOST_SHOWN],
        more_children=len(children[_MOST_SHOWN:]),
        before=_find_before(session, source, audience),
        edits_upload=_is_own_upload(session, source, viewer),
        wholes=tuple(find_wholes(session, picture_id, audience)),
    )


def source_before(job: Job) -> Source | None:
    """What an edit or an upscale started from, which has the shape of its results."""
    if job.request.operation not in _OF_ONE_SHAPE or not job.request.sources:
        return None
    return job.request.sources[0]


def _is_own_upload(session: Session, source: Source | None, viewer: Person) -> bool:
    """Not of what somebody else brought along whose request the viewer repeated."""
    if source is None or source.picture_id:
        return False
    return file_references.brought(session, source.key, linked_identities.identities(session, viewer.key))


def _find_before(session: Session, source: Source | None, audience: Audience) -> tuple[Picture, Job] | None:
    found = find_pictures(session, [source.picture_id] if source and source.picture_id else [], audience)
    return next(((picture, job) for picture, job in found if not picture.deleted), None)


def _origins(session: Session, picture_ids: Sequence[str], audience: Audience) -> list[Origin]:
    return [
        Origin(job=job, prompt="", own=False)
        if picture.deleted
        else Origin(job=job, prompt=picture.recipe.prompt, own=False, picture_id=picture.id)
        for picture, job in find_pictures(session, picture_ids, audience)
    ]
