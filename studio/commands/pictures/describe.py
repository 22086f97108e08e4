"""/describe: what is in a picture, as a model sees it."""

from dataclasses import dataclass

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Call, CommandSpec
from studio.db import outbox, queries
from studio.db.identities.linked_identities import same_human
from studio.domain.pictures import PictureDescribed
from studio.errors import BadRequestError
from studio.ports import Ports
from studio.services.descriptions.picture_description import COMMAND, describe, save_description


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe:
    picture: str


def describe_picture(ports: Ports, call: Call, command: Describe) -> PictureDescribed:
    """Made once for each picture.

    Raises `NotFoundError`, `BadRequestError` where nothing describes pictures, `HelperUnavailableError`, and
    `BannedError`.
    """
    with ports.database.read() as session:
        picture = queries.find_picture(session, command.picture, viewer=call.person)
        job = queries.find_job(session, picture.job_id)
        own = same_human(session, job.person.key, call.person.key)
    text = picture.description
    if not text:
        if ports.captioner is None:
            raise BadRequestError("no_captioner")
        text = describe(
            job,
            picture,
            captioner=ports.captioner,
            gate=ports.gate,
            store=ports.store,
            asker=call.person,
        )
        with ports.database.begin() as session:
            event = save_description(session, job, picture, text)
        outbox.send(ports.database, ports.events, [event] if event else [])
    return PictureDescribed(picture_id=picture.id, text=text, own=own or call.person.moderates)


SPEC = CommandSpec(
    name=COMMAND,
    summary="Say what is in a picture, as a model sees it.",
    example="/describe k3v9m2p4qx7a.2",
    build=Describe,
    handle=describe_picture,
    parameters=(
        Parameter(
            name="picture",
            kind=Kind.PICTURE,
            summary="A picture painted here, by its id.",
            required=True,
            positional=True,
        ),
    ),
    paints=False,
    rationed=True,
)
