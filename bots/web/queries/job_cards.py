"""What the feed shows of a job, loaded for many jobs at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bots.queries.job_view import JobView, load_job_views
from studio.db.queries import job_of
from studio.db.settings import preferences_of
from studio.db.tables import JobRow, LineageRow, PictureRow
from studio.domain.jobs import Job, JobState
from studio.domain.requests import Operation, parse_aspect
from studio.domain.settings.preferences import RemixConsent
from studio.services.visibility import Audience, may_see

# Nobody but their person (and moderators) sees what was refused, held, cancelled or failed.
PRIVATE = frozenset({JobState.REFUSED, JobState.HELD, JobState.CANCELLED, JobState.FAILED})

_MOST_CHILDREN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One job in the feed. A `secret` one is its person's alone."""

    view: JobView
    lends_uploads: bool = True  # others may paint it again, with what its person brought along
    secret: bool = False

    @property
    def job(self) -> Job:
        return self.view.job

    def seen_by(self, user_id: str, *, moderator: bool) -> bool:
        if self.job.state is JobState.DONE and not self.view.pictures:  # all of them were deleted
            return False
        own = self.job.person.user_id == user_id
        return own or (not self.secret and (moderator or self.job.state not in PRIVATE))

    @property
    def shape(self) -> tuple[int, int]:
        """Width to height of the pictures to come, as far as it is known; for the empty canvas."""
        request, origins = self.job.request, self.view.origins
        if request.width and request.height:
            return request.width, request.height
        if request.aspect:
            return parse_aspect(request.aspect)
        return origins[0].size if origins and request.operation is not Operation.EXPAND else (1, 1)


def load_cards(session: Session, jobs: Sequence[Job]) -> list[Card]:
    """In the order of the jobs."""
    return [
        Card(
            view=view,
            lends_uploads=_lends_uploads(session, view.job),
            secret=not may_see(session, view.job, Audience(home=view.job.person.home)),
        )
        for view in load_job_views(session, jobs)
    ]


def _lends_uploads(session: Session, job: Job) -> bool:
    brought = any(not source.picture_id for source in job.request.sources)
    return not brought or preferences_of(session, job.person.key).remix is RemixConsent.ANYONE


def load_jobs(session: Session, job_ids: Sequence[str]) -> list[Job]:
    return [job_of(row) for row in session.scalars(select(JobRow).where(JobRow.id.in_(job_ids)))]


def children_of(session: Session, picture_ids: Sequence[str]) -> list[str]:
    """The jobs that painted something from these pictures, the latest ones only."""
    query = select(JobRow.id).join(PictureRow, PictureRow.job_id == JobRow.id)
    query = query.join(LineageRow, LineageRow.child == PictureRow.id)
    found = query.where(LineageRow.parent.in_(picture_ids)).order_by(JobRow.created_at.desc())
    return list(dict.fromkeys(session.scalars(found.limit(_MOST_CHILDREN))))
