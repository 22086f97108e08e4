"""What comes of a private job is private too, until its owner publishes it."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.db.deliveries import message_of
from studio.domain.deliveries import DeliveryKind
from studio.domain.jobs import Job, JobVisibility
from studio.domain.requests import PaintRequest

PRIVATE = Parameter(
    name="private", kind=Kind.SWITCH, summary="For you alone, until you show it to everybody here."
)

_FOR_ONE_PERSON = frozenset({PRIVATE.name, "suggest"})


def asks_privacy(spec: CommandSpec, values: Mapping[str, object]) -> bool:
    """Whether the answer to a typed command is for its person alone: a private job, or a choice before the job.

    Raises `BadParameterError`.
    """
    asked = (parameter for parameter in spec.parameters if parameter.name in _FOR_ONE_PERSON)
    return any(parameter.read(values[parameter.name]) for parameter in asked if values.get(parameter.name))


def inherit_privacy(session: Session, call: Call, request: PaintRequest) -> Call:
    """The call for a request, which is private where one of its sources is. Not in a game, which has its own rules."""
    if call.claim:
        return call
    for origin in (source.picture_id for source in request.sources if source.picture_id):
        call = call_about(
            session, call, queries.find_job(session, queries.find_picture(session, origin).job_id)
        )
    return call


def call_about(session: Session, call: Call, job: Job) -> Call:
    """The call for what repeats a job, or starts from it.

    Asked for in direct messages, where a private job has its message, it belongs where that one was asked for.
    """
    if job.visibility is not JobVisibility.PRIVATE:
        return call
    ref = message_of(session, DeliveryKind.JOB, job.id)
    is_there = ref is not None and ref.channel == call.address.channel
    return replace(call, private=True, address=job.address if is_there else call.address)
