"""/enter: one's own picture into the contest that is open in this channel."""

from dataclasses import dataclass

from studio.commands.gathering_results import GatheringActed
from studio.commands.gatherings.acting import Filled, act
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Call, CommandSpec
from studio.domain.gatherings import PartPress
from studio.errors.gatherings import GatheringRefusedError
from studio.gatherings.contests.records import find_open_contest
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    picture: str


def enter(ports: Ports, call: Call, command: Enter) -> GatheringActed:
    """Raises `GatheringRefusedError` where no contest is open, and what entering raises."""
    with ports.database.read() as session:
        contest = find_open_contest(session, call.address)
    if contest is None:
        raise GatheringRefusedError("no_contest", kind="contest")
    return act(ports, call, PartPress(gathering=contest, verb="enter"), Filled(picture=command.picture))


SPEC = CommandSpec(
    name="enter",
    summary="Enter a picture of yours into the contest that is open in this channel.",
    example="/enter k3v9m2p4qx7a.2",
    build=Enter,
    handle=enter,
    parameters=(
        Parameter(
            name="picture",
            kind=Kind.PICTURE,
            summary="Your picture, by its id.",
            required=True,
            positional=True,
            own=True,
        ),
    ),
    paints=False,
)
