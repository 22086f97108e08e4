"""/cancel: stop a job, waiting or being painted."""

from dataclasses import dataclass

from studio.commands.generation.reroll import JOB
from studio.commands.results import JobsStopped
from studio.commands.spec import Call, CommandSpec
from studio.db import job_transitions, queries
from studio.db.identities.linked_identities import same_human
from studio.domain.jobs import JobState
from studio.errors import BadParameterError, NotAllowedError
from studio.ports import Ports
from studio.services import held_job_decisions
from studio.services.picture_deletion import Removal, finish_removal, withdraw_pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    job: str


def cancel(ports: Ports, call: Call, command: Cancel) -> JobsStopped:
    """A waiting job ends at once, and a held one with its pictures; one being painted ends within a denoising step."""
    with ports.database.begin() as session:
        job = queries.find_job(session, command.job, viewer=call.person)
        if not (call.person.moderates or same_human(session, job.person.key, call.person.key)):
            raise NotAllowedError
        ended = held_job_decisions.stop(session, job.id, JobState.CANCELLED, error_code="cancelled")
        removal = Removal(events=ended)
        if ended:
            removal.add(withdraw_pictures(session, job))
        elif not job_transitions.request_cancel(session, job.id):
            raise BadParameterError("job", "already_over")
    finish_removal(ports, removal)
    if not ended:
        ports.queue.cancel(job.id)
    return JobsStopped(job_id=job.id, at_once=bool(ended))


SPEC = CommandSpec(
    name="cancel",
    summary="Stop one of your jobs.",
    example="/cancel k3v9m2p4qx7a",
    build=Cancel,
    handle=cancel,
    parameters=(JOB,),
    paints=False,
    open_to_banned=True,
)
