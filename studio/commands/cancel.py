"""/cancel: stop a job, waiting or being painted."""

from dataclasses import dataclass

from studio import releases
from studio.commands.answers import Stopped
from studio.commands.reroll import JOB
from studio.commands.spec import Call, CommandSpec
from studio.db import moves, records
from studio.db.humans import same_human
from studio.errors import BadParameter, NotAllowed
from studio.jobs import JobState
from studio.ports import Ports
from studio.removals import Removal, clear_away, withdraw


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    job: str


def cancel(ports: Ports, call: Call, command: Cancel) -> Stopped:
    """A waiting job ends at once, and a held one with its pictures; one being painted ends within a denoising step."""
    with ports.database.begin() as session:
        job = records.find_job(session, command.job, viewer=call.person)
        if not (call.person.moderates or same_human(session, job.person.key, call.person.key)):
            raise NotAllowed
        ended = releases.stop(session, job.id, JobState.CANCELLED, error_code="cancelled")
        removal = Removal(events=ended)
        if ended:
            removal.add(withdraw(session, job))
        elif not moves.request_cancel(session, job.id):
            raise BadParameter("job", "is over already.")
    clear_away(ports, removal)
    if not ended:
        ports.queue.cancel(job.id)
    return Stopped(job_id=job.id, at_once=bool(ended))


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
