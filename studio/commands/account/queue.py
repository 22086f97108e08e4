"""/queue: one's own jobs that are not over yet, and how many come before each."""

from dataclasses import dataclass

from sqlalchemy import select

from studio.commands.results import InQueue, Place
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.db.identities.linked_identities import identities
from studio.db.queue_estimates import Outlook, outlooks
from studio.db.tables import JobRow
from studio.domain.jobs import OUTSTANDING, Job
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowQueue:
    pass


def show_queue(ports: Ports, call: Call, _command: ShowQueue) -> InQueue:
    with ports.database.read() as session:
        mine = JobRow.person_key.in_(identities(session, call.person.key))
        query = select(JobRow).where(mine, JobRow.state.in_(sorted(OUTSTANDING)))
        jobs = [queries.job_of(row) for row in session.scalars(query.order_by(JobRow.created_at))]
        seen = outlooks(session, [job.id for job in jobs])
        return InQueue(places=tuple(_place(job, seen.get(job.id, Outlook())) for job in jobs))


def _place(job: Job, seen: Outlook) -> Place:
    return Place(job=job, ahead=seen.ahead, eta_seconds=seen.eta_seconds)


SPEC = CommandSpec(
    name="queue",
    summary="Your jobs that wait or are being painted.",
    example="/queue",
    build=ShowQueue,
    handle=show_queue,
    parameters=(),
    paints=False,
    open_to_banned=True,
)
