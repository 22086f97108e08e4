"""Branching: another evolution from any picture of one, at any time, also when that is over."""

from dataclasses import replace

from studio.commands.gathering_results import GatheringOpened
from studio.commands.gatherings.acting import find_actor
from studio.commands.gatherings.opening import OpenGathering, open_gathering
from studio.commands.spec import Call
from studio.db.gatherings import gathering_rows, part_rows
from studio.domain.gatherings import PartState
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.kinds import evolution
from studio.ports import Ports
from studio.services.visibility import Audience, find_picture

BRANCH = "branch"


def branch(ports: Ports, call: Call, gathering_id: str, ordinal: int) -> GatheringOpened:
    """It opens where it is asked for; for who comes from elsewhere by a linked name, in the first one's channel.

    Raises `NotFoundError`, `GatheringRefusedError`, and what `open_gathering` raises.
    """
    with ports.database.read() as session:
        actor = find_actor(session, call, gathering_id)
        gathering = gathering_rows.find_gathering(session, gathering_id)
        part = part_rows.find_part(session, gathering_id, ordinal)
        address = call.address if actor.home == call.person.home else gathering.address
        if gathering.kind != evolution.NAME:
            raise GatheringRefusedError(Refusal.UNKNOWN)
        if part is None or part.picture is None or part.state is not PartState.SET:
            raise GatheringRefusedError(Refusal.GONE)
        find_picture(session, part.picture, Audience.of_asker(actor, address))
    ports.gate.check_command_rate(actor, evolution.KIND.command)
    opening = OpenGathering(values={"picture": part.picture})
    return open_gathering(ports, replace(call, person=actor, address=address), opening, kind=evolution.KIND)
