"""/reroll: the same request again, with a new seed."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission import remix_consent
from studio.commands.submission.job_creation import WORDS
from studio.commands.submission.privacy import call_about
from studio.commands.submission.source_images import any_seed
from studio.commands.submission.submit import submit
from studio.db import queries
from studio.db.tables import CaseRow, JobRow
from studio.domain.cases import CaseKind
from studio.domain.jobs import Job, JobState
from studio.domain.requests import Operation
from studio.errors import BadParameterError, NotFoundError
from studio.ports import Ports
from studio.services import file_references

JOB = Parameter(name="job", kind=Kind.JOB, summary="A job, by its id.", required=True, positional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reroll:
    job: str


def reroll(ports: Ports, call: Call, command: Reroll) -> Accepted:
    """What somebody brought along stays with them, unless anybody may build on their pictures."""
    with ports.database.read() as session:
        job = queries.find_job(session, command.job, viewer=call.person)
        remix_consent.require_uploads(session, call.person, job)
        file_references.require_uploads(session, job.id)
        call = call_about(session, call, job)
        withheld = _is_withheld(session, job)
    if withheld or not (job.request.prompt or job.request.sources):  # its person was forgotten
        raise NotFoundError("request", id=job.id)
    if job.request.operation is Operation.UPSCALE:
        raise BadParameterError("job", "comes_out_the_same")
    return submit(ports, call, SPEC.name, replace(job.request, seed=any_seed()))


def _is_withheld(session: Session, job: Job) -> bool:
    """Whether its words went to the moderators, none of whom let it through: without them it is another request."""
    if any(getattr(job.request, field) for field in WORDS):
        return False
    asked = select(CaseRow.id).where(
        CaseRow.job_id == job.id, CaseRow.kind == CaseKind.HOLD, CaseRow.picture_id.is_(None)
    )
    stopped = JobRow.state.in_((JobState.HELD, JobState.REFUSED, JobState.CANCELLED))
    query = select(JobRow.id).where(JobRow.id == job.id, JobRow.cleared.is_(False), stopped, asked.exists())
    return session.scalar(query) is not None


SPEC = CommandSpec(
    name="reroll",
    summary="Paint the same request again, with a new seed.",
    example="/reroll k3v9m2p4qx7a",
    build=Reroll,
    handle=reroll,
    parameters=(JOB,),
)
