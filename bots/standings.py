"""How a job stands, read from the rows in one go, and the slip that says which message shows it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import records
from studio.db.database import Database
from studio.db.tables import DeliveryRow, JobRow, PersonRow, PictureRow, StarRow
from studio.errors import NotFound
from studio.jobs import WAITING, Job, JobState
from studio.people import Person, Platform
from studio.pictures import Picture

_CLAIM_LASTS = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """The one message of a job. `final` once it showed the job's end."""

    channel: str
    message: str
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`origin` is the job that the first source was painted by; its prompt is empty when that was deleted."""

    job: Job
    pictures: tuple[Picture, ...] = ()
    origin: Job | None = None
    origin_prompt: str = ""
    ahead: int = 0
    slip: Slip | None = None

    @property
    def alone(self) -> bool:
        """The message shows one picture, not a grid."""
        return self.job.request.count == 1


def load_standing(database: Database, job_id: str, *, viewer: Person | None = None) -> Standing:
    """Raises `NotFound`."""
    with database.read() as session:
        job = records.find_job(session, job_id, viewer=viewer)
        done = job.state is JobState.DONE
        origin, origin_prompt = _origin(session, job)
        return Standing(
            job=job,
            pictures=tuple(records.pictures_of_job(session, job_id)) if done else (),
            origin=origin,
            origin_prompt=origin_prompt,
            ahead=records.jobs_ahead(session, job),
            slip=_slip(session, job_id),
        )


def _origin(session: Session, job: Job) -> tuple[Job | None, str]:
    for source in job.request.sources:
        row = session.get(PictureRow, source.picture_id) if source.picture_id else None
        if row is not None:
            prompt = "" if row.deleted_at else str(row.recipe.get("prompt", ""))
            return records.find_job(session, row.job_id), prompt
    return None, ""


def _slip(session: Session, job_id: str) -> Slip | None:
    row = session.get(DeliveryRow, job_id)
    if row is None or not row.message:  # a claim, whose message is being sent
        return None
    return Slip(channel=row.channel, message=row.message, final=row.final)


def keep_slip(database: Database, job_id: str, slip: Slip) -> None:
    """Two processes may write the same slip at once; the later one wins, and both name the same message."""
    with database.begin() as session:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        values = {
            "channel": slip.channel,
            "message": slip.message,
            "final": slip.final,
            "updated_at": now(),
        }
        statement = insert(DeliveryRow).values(job_id=job_id, **values)
        session.execute(statement.on_conflict_do_update(index_elements=[DeliveryRow.job_id], set_=values))


def claim_slip(database: Database, job_id: str, channel: str) -> bool:
    """Whether the caller is the one to send the job's message. Another's claim ends after 20 s without one.

    For platforms where a message that is sent twice is there twice.
    """
    with database.begin() as session:
        row = session.get(DeliveryRow, job_id, with_for_update=True)
        if row is None:
            insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
            values = {"channel": channel, "message": "", "final": False, "updated_at": now()}
            statement = insert(DeliveryRow).values(job_id=job_id, **values)
            inserted = session.execute(
                statement.on_conflict_do_nothing(index_elements=[DeliveryRow.job_id]).returning(
                    DeliveryRow.job_id
                )
            )
            return inserted.scalar() is not None
        if row.message or now() - row.updated_at < _CLAIM_LASTS:
            return False
        row.updated_at = now()
        return True


def waive_claim(database: Database, job_id: str) -> None:
    """Nothing was sent after all; whoever comes next may."""
    with database.begin() as session:
        row = session.get(DeliveryRow, job_id)
        if row is not None and not row.message:
            session.delete(row)


def job_state(database: Database, job_id: str) -> JobState | None:
    with database.read() as session:
        state = session.scalar(select(JobRow.state).where(JobRow.id == job_id))
        return JobState(state) if state else None


def positions(database: Database, job_ids: list[str]) -> dict[str, int]:
    """How many jobs come before each of these, for those that still wait."""
    with database.read() as session:
        rows = session.scalars(
            select(JobRow).where(JobRow.id.in_(job_ids), JobRow.state.in_(sorted(WAITING)))
        )
        return {row.id: records.jobs_ahead(session, records.job_of(row)) for row in rows}


def job_of_message(
    database: Database, platform: Platform, message: str, *, channel: str | None = None
) -> str | None:
    """The job that a message of ours shows. Where messages are numbered by channel, name the channel."""
    query = select(DeliveryRow.job_id).join(JobRow, JobRow.id == DeliveryRow.job_id)
    with database.read() as session:
        query = query.where(DeliveryRow.message == message, JobRow.platform == platform)
        return session.scalar(query if channel is None else query.where(DeliveryRow.channel == channel))


def has_star(database: Database, picture_id: str, person_key: str) -> bool:
    with database.read() as session:
        return session.get(StarRow, (picture_id, person_key)) is not None


def known_name(database: Database, person_key: str) -> str | None:
    """The name under which a person was last seen."""
    with database.read() as session:
        row = session.get(PersonRow, person_key)
        return row.display_name if row else None


def load_family(
    database: Database, picture_id: str, viewer: Person
) -> tuple[Job, Picture, list[tuple[Picture, Job]]]:
    """A picture, its job, and its ancestors with theirs, nearest first. Raises `NotFound`."""
    with database.read() as session:
        picture = records.find_picture(session, picture_id, viewer=viewer)
        job = records.find_job(session, picture.job_id)
        ancestors = [each for each in records.ancestors(session, [picture_id]) if not each.deleted]
        return job, picture, [(each, records.find_job(session, each.job_id)) for each in ancestors]


def picture_at(standing: Standing, index: int) -> Picture:
    """Raises `NotFound`."""
    for picture in standing.pictures:
        if picture.index == index:
            return picture
    raise NotFound(f"Picture {standing.job.id}.{index}")
