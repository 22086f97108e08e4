"""/history: one's own latest jobs that are over."""

from dataclasses import dataclass

from studio.commands.results import History
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.db.identities.linked_identities import identities
from studio.domain.jobs import ENDED
from studio.ports import Ports

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHistory:
    pass


def show_history(ports: Ports, call: Call, _command: ShowHistory) -> History:
    with ports.database.read() as session:
        mine = identities(session, call.person.key)
        return History(jobs=tuple(queries.jobs_of(session, mine, limit=_SHOWN, states=ENDED)))


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
