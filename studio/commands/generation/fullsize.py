"""/fullsize: a draft again, with its words and its seed, as large and in as many steps as the model likes."""

from dataclasses import dataclass, replace

from studio.commands.parameter_values import Parameter
from studio.commands.parameters import PICTURE
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission import remix_consent
from studio.commands.submission.privacy import call_about
from studio.commands.submission.submit import submit
from studio.db import queries
from studio.domain.jobs import Job
from studio.domain.pictures import Picture
from studio.domain.requests import PaintRequest
from studio.errors import BadParameterError, NotFoundError
from studio.ports import Ports
from studio.services import file_references

DRAFT: Parameter = replace(PICTURE, summary="A draft painted here, by its id.", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class FullSize:
    picture: str


def full_size(ports: Ports, call: Call, command: FullSize) -> Accepted:
    """What somebody brought along stays with them, unless anybody may build on their pictures."""
    with ports.database.read() as session:
        picture = queries.find_picture(session, command.picture, viewer=call.person)
        job = queries.find_job(session, picture.job_id, viewer=call.person)
        remix_consent.require_uploads(session, call.person, job)
        file_references.require_uploads(session, job.id)
        call = call_about(session, call, job)
    return submit(ports, call, SPEC.name, request_of(job, picture))


def request_of(job: Job, draft: Picture) -> PaintRequest:
    """Raises `BadParameterError` for a picture that is no draft, `NotFoundError` for one whose words are gone."""
    if not job.request.draft:
        raise BadParameterError("picture", "not_a_draft")
    if not (job.request.prompt or job.request.sources):  # its person was forgotten, or nobody shall read it
        raise NotFoundError("request", id=job.id)
    return replace(
        job.request,
        draft=False,
        prompt=job.request.prompt_of(draft.index - 1),
        prompts=(),
        seed=job.request.seed_of(draft.index - 1),
        model=draft.recipe.model,
        count=1,
        steps=None,
        pixels=None,
    )


SPEC = CommandSpec(
    name="fullsize",
    summary="Paint a draft again at full size, with the same words and seed.",
    example="/fullsize k3v9m2p4qx7a.2",
    build=FullSize,
    handle=full_size,
    parameters=(DRAFT,),
)
