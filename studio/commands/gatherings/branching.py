"""Branching: another evolution from any picture of one, at any time, also when that is over."""

import re
from collections.abc import Sequence
from dataclasses import replace

from studio.commands.gathering_results import GatheringOpened
from studio.commands.gatherings.acting import find_actor
from studio.commands.gatherings.opening import OpenGathering, open_gathering
from studio.commands.spec import Call
from studio.db.gatherings import gathering_rows, part_rows
from studio.domain.gatherings import Part, PartState
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.evolution_generations import number_in_round
from studio.gatherings.kinds import evolution
from studio.ports import Ports
from studio.services.visibility import Audience, find_picture

BRANCH = "branch"
_PLACE = re.compile(r"(\d{1,4})\s*[.,:/ ]\s*(\d{1,4})")


def branch(ports: Ports, call: Call, gathering_id: str, node: int | str) -> GatheringOpened:
    """It opens where it is asked for; for who comes from elsewhere by a linked name, in the first one's channel.

    `node` is the number of a part, a generation and the number that people read there such as ``3.2``, or the id of a
    picture of it.

    Raises `NotFoundError`, `GatheringRefusedError`, and what `open_gathering` raises.
    """
    with ports.database.read() as session:
        actor = find_actor(session, call, gathering_id)
        gathering = gathering_rows.find_gathering(session, gathering_id)
        address = call.address if actor.home == call.person.home else gathering.address
        if gathering.kind != evolution.NAME:
            raise GatheringRefusedError(Refusal.UNKNOWN)
        parts = part_rows.parts_of(session, gathering_id)
        part = _find_node(parts, node)
        if part is None or part.picture is None or part.state is not PartState.SET:
            raise GatheringRefusedError(Refusal.GONE)
        find_picture(session, part.picture, Audience.of_asker(actor, address))
    ports.gate.check_command_rate(actor, evolution.KIND.command)
    opening = OpenGathering(values={"picture": part.picture})
    return open_gathering(ports, replace(call, person=actor, address=address), opening, kind=evolution.KIND)


def _find_node(parts: Sequence[Part], node: int | str) -> Part | None:
    """None: there is no part with that number. Raises `GatheringRefusedError` for words that name none."""
    if isinstance(node, int):
        return next((part for part in parts if part.ordinal == node), None)
    place = _PLACE.fullmatch(node)
    for part in parts:
        if part.picture == node.lower():
            return part
        if place and (part.round, number_in_round(parts, part)) == (int(place[1]), int(place[2])):
            return part
    raise GatheringRefusedError("no_such_picture", kind=evolution.NAME)
