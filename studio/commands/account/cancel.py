"""/cancel: stop a job, waiting or being painted."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from studio.commands.generation.reroll import JOB
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import JobsStopped
from studio.commands.spec import Call, CommandSpec
from studio.db import job_transitions, queries
from studio.domain.jobs import Job, JobState
from studio.errors import BadParameterError, NotAllowedError
from studio.ports import Ports
from studio.services import held_job_decisions
from studio.services.picture_deletion import Removal, finish_removal, withdraw_pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    job: str
    keep: bool = False


def cancel(ports: Ports, call: Call, command: Cancel) -> JobsStopped:
    """A waiting job ends at once, and a held one with its pictures; one being painted ends within a denoising step.

    Pictures that its person saw already stay, and are paid, also those that they deleted: else they could be had for
    nothing.
    """
    with ports.database.begin() as session:
        job, mine = queries.find_job_and_owner(session, command.job, viewer=call.person)
        if not mine and (command.keep or not call.person.moderates):
            raise NotAllowedError
        if mine and job_transitions.request_enough(session, job.id):
            keeps, removal = held_job_decisions.pictures_of(session, job.id) > 0, Removal()
            stops_early = True
        elif command.keep:
            raise BadParameterError("job", "already_over" if job.state.ended else "nothing_finished")
        else:
            keeps, removal = False, _stop(session, job)
            stops_early = False
    finish_removal(ports, removal)
    ended = bool(removal.events)
    if stops_early:
        ports.queue.stop_early(job.id)
    elif not ended:
        ports.queue.cancel(job.id)
    return JobsStopped(job_id=job.id, at_once=ended, keeps=keeps)


def _stop(session: Session, job: Job) -> Removal:
    """Without events while a worker paints it. Raises `BadParameterError`."""
    ended = held_job_decisions.stop(session, job.id, JobState.CANCELLED, error_code="cancelled")
    removal = Removal(events=ended)
    if ended:
        removal.add(withdraw_pictures(session, job))
    elif not job_transitions.request_cancel(session, job.id):
        raise BadParameterError("job", "already_over")
    return removal


SPEC = CommandSpec(
    name="cancel",
    summary="Stop one of your jobs.",
    example="/cancel k3v9m2p4qx7a",
    build=Cancel,
    handle=cancel,
    parameters=(
        JOB,
        Parameter(name="keep", kind=Kind.SWITCH, summary="Only if one of its pictures is finished."),
    ),
    paints=False,
    open_to_banned=True,
)
