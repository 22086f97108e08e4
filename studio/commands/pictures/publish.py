"""/publish: show a private job to everybody where it was asked for."""

from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from studio.commands.generation.reroll import JOB
from studio.commands.results import JobPublished
from studio.commands.spec import Call, CommandSpec
from studio.db import outbox, queries
from studio.db.identities.linked_identities import same_human
from studio.db.identities.people import lock_person
from studio.db.settings import community_rules
from studio.db.tables import DeliveryRow, JobRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import JobChanged
from studio.domain.jobs import Job, JobState, JobVisibility
from studio.errors import BadRequestError, CommunityPausedError, NotAllowedError
from studio.ports import Ports
from studio.services.visibility import is_unlisted


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    job: str


def publish(ports: Ports, call: Call, command: Publish) -> JobPublished:
    """Once: what is shown already stays as it is.

    Raises `NotFoundError`, `NotAllowedError` for jobs of others and of games that hide them, `CommunityPausedError`,
    and `BadRequestError` for a job that is not finished or whose pictures were deleted.
    """
    with ports.database.begin() as session:
        lock_person(session, call.person)
        session.get(JobRow, command.job, with_for_update=True)
        job = queries.find_job(session, command.job, viewer=call.person)
        if not same_human(session, job.person.key, call.person.key):
            raise NotAllowedError("own_jobs_only")
        if job.visibility is JobVisibility.PRIVATE:
            _require_publishable(session, job)
            session.execute(
                update(JobRow).where(JobRow.id == job.id).values(visibility=JobVisibility.PUBLISHED)
            )
            _retire_message(session, job)
            events = [outbox.write(session, JobChanged(job_id=job.id, platform=job.person.platform))]
        elif is_unlisted(job):
            raise NotAllowedError("hidden_picture")
        else:
            events = []
    outbox.send(ports.database, ports.events, events)
    return JobPublished(job_id=job.id)


def _require_publishable(session: Session, job: Job) -> None:
    if job.state is not JobState.DONE:
        raise BadRequestError("not_finished")
    if not queries.pictures_of_job(session, job.id):
        raise BadRequestError("all_deleted")
    if community_rules(session, job.person.platform, job.person.community).paused:
        raise CommunityPausedError
    delivery = session.get(DeliveryRow, (DeliveryKind.JOB, job.id))
    if delivery is not None and delivery.claimed_until is not None:  # its private message is being sent
        raise BadRequestError("not_finished")


def _retire_message(session: Session, job: Job) -> None:
    """The private message is deleted by its front end, and the job gets one where it was asked for."""
    theirs = (DeliveryRow.kind == DeliveryKind.JOB) & (DeliveryRow.subject == job.id)
    session.execute(delete(DeliveryRow).where(theirs, DeliveryRow.message == ""))
    session.execute(update(DeliveryRow).where(theirs).values(kind=DeliveryKind.RETIRED))


SPEC = CommandSpec(
    name="publish",
    summary="Show a private job of yours to everybody here.",
    example="/publish k3v9m2p4qx7a",
    build=Publish,
    handle=publish,
    parameters=(JOB,),
    paints=False,
    rationed=True,
)
