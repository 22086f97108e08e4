"""Pictures on a starboard, and those that are starred often enough to be there."""

from dataclasses import dataclass

from sqlalchemy import select

from studio.db import queries, settings
from studio.db.database import Database
from studio.db.deliveries import message_of
from studio.db.tables import DeliveryRow, PictureRow
from studio.domain.deliveries import DeliveryKind, MessageRef
from studio.domain.jobs import Job, JobState
from studio.domain.pictures import Picture
from studio.errors import NotFoundError
from studio.services.visibility import Audience, may_see


@dataclass(frozen=True, slots=True, kw_only=True)
class StarboardEntry:
    """A starred picture, its job, the channel of the starboard, and the message that first showed it."""

    picture: Picture
    job: Job
    channel: str
    shown_at: MessageRef | None = None


def load_starboard_entry(
    database: Database, picture_id: str
) -> tuple[StarboardEntry | None, MessageRef | None]:
    """What is to be shown, if anything, and the message that shows it already. Raises `NotFoundError`.

    A picture that is shown stays when it loses a star: only its count changes. One from an age-restricted channel stays
    there.
    """
    with database.read() as session:
        row = session.get(PictureRow, picture_id)
        if row is None:
            raise NotFoundError("picture", id=picture_id[:14])
        found = message_of(session, DeliveryKind.STARBOARD, picture_id)
        job = queries.find_job(session, row.job_id)
        seen = job.state is JobState.DONE and may_see(session, job, Audience(home=job.person.home))
        if row.deleted_at is not None or not seen or job.address.age_restricted:
            return None, found
        stars = queries.star_counts(session, [picture_id]).get(picture_id, 0)
        rules = settings.community_rules(session, job.person.platform, job.person.community)
        if found is None and (rules.star_channel is None or stars < rules.star_threshold):
            return None, None
        channel = found.channel if found else rules.star_channel or ""
        picture = queries.picture_of(row, stars=stars)
        return StarboardEntry(
            picture=picture, job=job, channel=channel, shown_at=message_of(session, DeliveryKind.JOB, job.id)
        ), found


def find_starboard_pictures(database: Database, job_id: str) -> list[str]:
    """The pictures of a job that are on a starboard."""
    shown = (DeliveryRow.kind == DeliveryKind.STARBOARD) & (DeliveryRow.subject == PictureRow.id)
    of_job = select(PictureRow.id).join(DeliveryRow, shown).where(PictureRow.job_id == job_id)
    with database.read() as session:
        return list(session.scalars(of_job.order_by(PictureRow.position)))
