"""/show: a job and its pictures, with their recipes."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from studio.commands.generation.reroll import JOB
from studio.commands.results import PictureShown
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.domain.jobs import Job, JobState
from studio.domain.pictures import Picture
from studio.ports import Ports
from studio.services.visibility import Audience, without_hidden_parents


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    job: str


def show(ports: Ports, call: Call, command: Show) -> PictureShown:
    with ports.database.read() as session:
        job = queries.find_job(session, command.job, viewer=call.person)
        audience = Audience.of_asker(call.person, call.address)
        return PictureShown(job=job, pictures=_visible_pictures(session, job, audience))


def _visible_pictures(session: Session, job: Job, audience: Audience) -> tuple[Picture, ...]:
    """Held pictures are for moderators' eyes, and their desk asks for them on its own."""
    pictures = queries.pictures_of_job(session, job.id) if job.state is JobState.DONE else []
    return tuple(without_hidden_parents(session, picture, audience) for picture in pictures)


SPEC = CommandSpec(
    name="show",
    summary="Show a job, its pictures and how they were made.",
    example="/show k3v9m2p4qx7a",
    build=Show,
    handle=show,
    parameters=(JOB,),
    paints=False,
    open_to_banned=True,
)
