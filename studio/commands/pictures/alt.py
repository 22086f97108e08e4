"""/alt: what a picture shows, in its owner's words, for people who cannot see it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import PictureShown
from studio.commands.spec import Call, CommandSpec
from studio.db import outbox, queries
from studio.db.identities.linked_identities import same_human
from studio.db.identities.people import lock_person
from studio.db.tables import PictureRow
from studio.domain.events import PictureChanged
from studio.domain.jobs import Job
from studio.domain.pictures import LONGEST_ALT_TEXT
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling
from studio.errors import NotAllowedError
from studio.ports import Admission, Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAltText:
    picture: str
    text: str = ""


def write_alt_text(ports: Ports, call: Call, command: WriteAltText) -> PictureShown:
    """Without a text, the prompt stands for it again.

    Raises `NotFoundError`, `NotAllowedError`, and `PolicyRefusalError`: people hear and read it beside the picture.
    """
    with ports.database.read() as session:
        _require_own(session, call, command.picture)
    _judge(ports, call, command.text)
    with ports.database.begin() as session:
        lock_person(session, call.person)
        job = _require_own(session, call, command.picture)
        session.get_one(PictureRow, command.picture).alt_text = command.text or None
        session.flush()
        changed = PictureChanged(job_id=job.id, platform=job.person.platform, picture_id=command.picture)
        event = outbox.write(session, changed)
        pictures = tuple(queries.pictures_of_job(session, job.id))
    outbox.send(ports.database, ports.events, [event])
    return PictureShown(job=job, pictures=pictures)


def _require_own(session: Session, call: Call, picture_id: str) -> Job:
    """The job of a picture that is the person's own, or of their community for a moderator."""
    picture = queries.find_picture(session, picture_id, viewer=call.person)
    job = queries.find_job(session, picture.job_id)
    if not (call.person.moderates or same_human(session, job.person.key, call.person.key)):
        raise NotAllowedError
    return job


def _judge(ports: Ports, call: Call, text: str) -> None:
    """By the rules for prompts. What a moderator would have to see first is refused."""
    if not text:
        return
    request = PaintRequest(operation=Operation.IMAGINE, prompt=text, seed=0, count=1)
    admission = Admission(person=call.person, command=SPEC.name, request=request, outstanding_jobs=0)
    verdict = ports.gate.review(admission)
    if verdict.ruling is not Ruling.ALLOW:
        raise verdict.refusal()


SPEC = CommandSpec(
    name="alt",
    summary="Describe a picture of yours for people who cannot see it.",
    example="/alt k3v9m2p4qx7a.2 a fox asleep in the snow, seen from above",
    build=WriteAltText,
    handle=write_alt_text,
    parameters=(
        Parameter(
            name="picture",
            kind=Kind.PICTURE,
            summary="The picture's id.",
            required=True,
            positional=True,
            own=True,
        ),
        Parameter(
            name="text",
            kind=Kind.TEXT,
            literal=True,
            summary="What it shows; leave it out to have the prompt again.",
            positional=True,
            max_length=LONGEST_ALT_TEXT,
        ),
    ),
    paints=False,
    rationed=True,
)
