"""/cancel: stop a job, waiting or being painted."""

from dataclasses import dataclass

from studio.clock import now
from studio.commands.answers import Stopped
from studio.commands.reroll import JOB
from studio.commands.spec import Call, CommandSpec
from studio.db import ledger, moves, outbox, records
from studio.db.humans import same_human
from studio.db.tables import JobRow
from studio.errors import BadParameter, NotAllowed
from studio.events import JobEnded
from studio.jobs import JobState
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    job: str


def cancel(ports: Ports, call: Call, command: Cancel) -> Stopped:
    """A waiting job ends at once; one being painted ends within a denoising step."""
    with ports.database.begin() as session:
        job = records.find_job(session, command.job, viewer=call.person)
        if not (call.person.moderates or same_human(session, job.person.key, call.person.key)):
            raise NotAllowed
        at_once = moves.end(session, job.id, JobState.CANCELLED, at=now(), error_code="cancelled")
        events = []
        if at_once:
            ledger.release(session, session.get_one(JobRow, job.id), at=now())
            ended = JobEnded(job_id=job.id, platform=job.address.platform, state=JobState.CANCELLED)
            events.append(outbox.write(session, ended))
        elif not moves.request_cancel(session, job.id):
            raise BadParameter("job", "is over already.")
    outbox.send(ports.database, ports.events, events)
    if not at_once:
        ports.queue.cancel(job.id)
    return Stopped(job_id=job.id, at_once=at_once)


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
