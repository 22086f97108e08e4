"""Which jobs the feed shows, to whom, and in which shape."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bots.queries.job_view import JobView
from studio.db.queries import job_of
from studio.db.tables import JobRow, LineageRow, PictureRow
from studio.domain.jobs import WITH_MESSAGE, Job, JobState
from studio.domain.requests import Operation, parse_aspect
from studio.services.visibility import is_private

# Nobody but their person (and moderators) sees what was refused, held, cancelled or failed.
PRIVATE = frozenset({JobState.REFUSED, JobState.HELD, JobState.CANCELLED, JobState.FAILED})

_MOST_CHILDREN = 100


def is_seen_by(view: JobView, user_id: str, *, moderator: bool) -> bool:
    """Not once all of its pictures were deleted; what was asked for in a private place is its person's alone."""
    job = view.job
    if job.state is JobState.DONE and not view.pictures:
        return False
    own = job.person.user_id == user_id
    return own or (not is_private(job) and (moderator or job.state not in PRIVATE))


def is_on_feed(view: JobView, user_id: str, *, moderator: bool) -> bool:
    """As `is_seen_by`, but not what a gathering shows."""
    return view.job.visibility in WITH_MESSAGE and is_seen_by(view, user_id, moderator=moderator)


def shape_of(view: JobView) -> tuple[int, int]:
    """Width to height of the pictures to come, as far as it is known; for the empty canvas."""
    request, origins = view.job.request, view.origins
    if request.width and request.height:
        return request.width, request.height
    if request.aspect:
        return parse_aspect(request.aspect)
    return origins[0].size if origins and request.operation is not Operation.EXPAND else (1, 1)


def load_jobs(session: Session, job_ids: Sequence[str]) -> list[Job]:
    return [job_of(row) for row in session.scalars(select(JobRow).where(JobRow.id.in_(job_ids)))]


def children_of(session: Session, picture_ids: Sequence[str]) -> list[str]:
    """The jobs that painted something from these pictures, the latest ones only."""
    query = select(JobRow.id).join(PictureRow, PictureRow.job_id == JobRow.id)
    query = query.join(LineageRow, LineageRow.child == PictureRow.id)
    found = query.where(LineageRow.parent.in_(picture_ids)).order_by(JobRow.created_at.desc())
    return list(dict.fromkeys(session.scalars(found.limit(_MOST_CHILDREN))))
