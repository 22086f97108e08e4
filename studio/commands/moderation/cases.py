"""/cases: what lies on the moderators' desk."""

from dataclasses import dataclass

from studio.clock import now
from studio.commands.moderation.raid_signs import find_raid_signs
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import DeskCases
from studio.commands.spec import Audience, Call, CommandSpec
from studio.db.cases import desk_cases
from studio.domain.cases import CaseState
from studio.errors import NotAllowedError
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCases:
    state: str = CaseState.OPEN


def list_cases(ports: Ports, call: Call, command: ListCases) -> DeskCases:
    if not call.person.moderates:
        raise NotAllowedError("moderators_only")
    with ports.database.read() as session:
        found = desk_cases(session, call.person, states=(CaseState(command.state),))
        raid = find_raid_signs(session, call.person, at=now())
    return DeskCases(cases=tuple(found), raid=raid)


SPEC = CommandSpec(
    name="cases",
    summary="What waits for a moderator, or what was decided last.",
    example="/cases --state closed",
    build=ListCases,
    handle=list_cases,
    parameters=(
        Parameter(
            name="state",
            kind=Kind.CHOICE,
            summary="Open cases, or closed ones.",
            choices=tuple(CaseState),
            positional=True,
        ),
    ),
    paints=False,
    audience=Audience.MODERATORS,
)
