"""/history: one's own latest jobs that are over."""

from dataclasses import dataclass

from sqlalchemy import select

from studio.commands.results import History
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.db.identities.linked_identities import identities
from studio.db.tables import JobRow
from studio.domain.jobs import ENDED
from studio.ports import Ports

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHistory:
    pass


def show_history(ports: Ports, call: Call, _command: ShowHistory) -> History:
    with ports.database.read() as session:
        mine = JobRow.person_key.in_(identities(session, call.person.key))
        query = select(JobRow).where(mine, JobRow.state.in_(sorted(ENDED)))
        rows = session.scalars(query.order_by(JobRow.created_at.desc()).limit(_SHOWN))
        return History(jobs=tuple(queries.job_of(row) for row in rows))


SPEC = CommandSpec(
    name="history",
    summary="Your latest jobs, to find a picture again.",
    example="/history",
    build=ShowHistory,
    handle=show_history,
    parameters=(),
    paints=False,
    open_to_banned=True,
)
