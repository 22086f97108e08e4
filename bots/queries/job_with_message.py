"""A job together with its message, and with what its message depends on."""

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from studio.db import settings
from studio.db.deliveries import ref_of
from studio.db.queries import job_of
from studio.db.tables import CommunityRow, DeliveryRow, JobRow, PreferencesRow
from studio.domain.deliveries import DeliveryKind, MessageRef
from studio.domain.jobs import Job
from studio.domain.people import Person
from studio.errors import NotFoundError

# Built once: every change of a job asks it.
_ALL_OF_IT = (
    select(JobRow, DeliveryRow, PreferencesRow.data.label("preferences"), CommunityRow.data.label("rules"))
    .outerjoin(DeliveryRow, and_(DeliveryRow.kind == DeliveryKind.JOB, DeliveryRow.subject == JobRow.id))
    .outerjoin(PreferencesRow, PreferencesRow.person_key == JobRow.person_key)
    .outerjoin(
        CommunityRow,
        and_(CommunityRow.platform == JobRow.platform, CommunityRow.community == JobRow.community),
    )
    .where(JobRow.id == bindparam("job_id"))
)


def find_job_with_message(
    session: Session, job_id: str, *, viewer: Person | None = None
) -> tuple[Job, MessageRef | None]:
    """Within `remember_reads`, the settings of its person and its community are then known too.

    Raises `NotFoundError`; also for a viewer from another community.
    """
    found = session.execute(_ALL_OF_IT, {"job_id": job_id}).one_or_none()
    if found is None or (viewer and (found.JobRow.platform, found.JobRow.community) != viewer.home):
        raise NotFoundError("job", id=job_id[:12])
    job = job_of(found.JobRow)
    settings.note_preferences(session, found.JobRow.person_key, found.preferences)
    settings.note_rules(session, found.JobRow.platform, found.JobRow.community, found.rules)
    return job, ref_of(found.DeliveryRow)
