"""How a job stands, read from the rows in one go."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.db import queries
from studio.db.cases import find_jobs_awaiting_consent
from studio.db.database import Database
from studio.db.deliveries import message_of
from studio.db.identities.linked_identities import identities, same_human
from studio.db.queue_estimates import outlook, outlooks
from studio.db.settings import preferences_of
from studio.db.tables import JobRow, PersonRow, PictureRow, StarRow
from studio.domain.deliveries import DeliveryKind, MessageRef
from studio.domain.jobs import Job, JobState
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.services.visibility import Audience, find_picture, may_see, without_hidden_parents


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The job that painted a source, and the source's prompt: empty when it was deleted or may not be seen here."""

    job: Job
    prompt: str
    own: bool  # by the person who builds on it


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """`origins` are the sources that were painted here, in order.

    `asks`: it waits for the owner of a picture, not for a moderator. `wants_copy`: its person likes to have what
    is finished by direct message as well.
    """

    job: Job
    pictures: tuple[Picture, ...] = ()
    origins: tuple[Origin, ...] = ()
    ahead: int = 0
    eta_seconds: float | None = None  # until it is done, where that is known
    message_ref: MessageRef | None = None
    asks: bool = False
    wants_copy: bool = False

    @property
    def prompt(self) -> str:
        """The words over its pictures: the painted ones, or with alternatives those that were typed."""
        request = self.job.request
        return request.prompt if request.prompts or not self.pictures else self.pictures[0].recipe.prompt

    @property
    def may_appeal(self) -> bool:
        """A rule of the policy refused it, and the refusal may be appealed."""
        return self.job.may_appeal

    @property
    def alone(self) -> bool:
        """The message shows one picture, not a grid."""
        return self.job.request.count == 1


def load_job_view(database: Database, job_id: str, *, viewer: Person | None = None) -> JobView:
    """Raises `NotFoundError`."""
    with database.read() as session:
        job = queries.find_job(session, job_id, viewer=viewer)
        done = job.state is JobState.DONE
        audience = Audience.of_message(job)
        pictures = queries.pictures_of_job(session, job_id) if done else []
        seen = outlook(session, job_id)
        return JobView(
            job=job,
            pictures=tuple(without_hidden_parents(session, picture, audience) for picture in pictures),
            origins=tuple(_origins(session, job, audience)),
            ahead=seen.ahead,
            eta_seconds=seen.eta_seconds,
            message_ref=message_of(session, DeliveryKind.JOB, job_id),
            asks=job.state is JobState.HELD and bool(find_jobs_awaiting_consent(session, [job_id])),
            wants_copy=done and preferences_of(session, job.person.key).direct_messages,
        )


def _origins(session: Session, job: Job, audience: Audience) -> Iterator[Origin]:
    """Of a source that the audience may not see, only that it is the person's own."""
    for source in job.request.sources:
        row = session.get(PictureRow, source.picture_id) if source.picture_id else None
        if row is None:
            continue
        origin = queries.find_job(session, row.job_id)
        own = same_human(session, origin.person.key, job.person.key)
        seen = may_see(session, origin, audience)
        if seen or own:
            prompt = str(row.recipe.get("prompt", "")) if seen and not row.deleted_at else ""
            yield Origin(job=origin, prompt=prompt, own=own)


def job_state(database: Database, job_id: str) -> JobState | None:
    with database.read() as session:
        state = session.scalar(select(JobRow.state).where(JobRow.id == job_id))
        return JobState(state) if state else None


def is_deleted(database: Database, picture_id: str) -> bool:
    with database.read() as session:
        row = session.get(PictureRow, picture_id)
        return row is not None and row.deleted_at is not None


def positions(database: Database, job_ids: list[str]) -> dict[str, int]:
    """How many jobs come before each of these, for those that still wait."""
    with database.read() as session:
        seen = outlooks(session)
    return {job_id: seen[job_id].ahead for job_id in job_ids if job_id in seen and seen[job_id].waits}


def has_star(database: Database, picture_id: str, person_key: str) -> bool:
    """Whether the human behind a person gave a star, under whichever of their names."""
    with database.read() as session:
        theirs = StarRow.person_key.in_(identities(session, person_key))
        return (
            session.scalar(select(StarRow.picture_id).where(StarRow.picture_id == picture_id, theirs))
            is not None
        )


def known_name(database: Database, person_key: str) -> str | None:
    """The name under which a person was last seen."""
    with database.read() as session:
        row = session.get(PersonRow, person_key)
        return row.display_name if row else None


def load_family(
    database: Database, picture_id: str, viewer: Person, *, channel: str | None = None
) -> tuple[Job, Picture, list[tuple[Picture, Job]]]:
    """A picture, its job, and its ancestors with theirs, nearest first. Raises `NotFoundError`.

    Ancestors that the viewer may not see are left out. `channel` is where the viewer is.
    """
    audience = Audience.of_person(viewer, channel=channel)
    with database.read() as session:
        picture = find_picture(session, picture_id, audience)
        job = queries.find_job(session, picture.job_id)
        ancestors = [
            ancestor for ancestor in queries.ancestors(session, [picture_id]) if not ancestor.deleted
        ]
        family = [(ancestor, queries.find_job(session, ancestor.job_id)) for ancestor in ancestors]
        seen = [(ancestor, maker) for ancestor, maker in family if may_see(session, maker, audience)]
        return job, picture, seen
