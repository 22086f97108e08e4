"""The jobs of gatherings: ordinary jobs of the people who ask, submitted as everything else is."""

import logging
from dataclasses import replace

from studio.commands.generation import blend, edit, expand, imagine, remix, reroll, upscale, vary
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.commands.submission.submit import submit
from studio.db import outbox
from studio.db.gatherings import gathering_rows, part_rows
from studio.db.identities.people import find_person
from studio.domain.gatherings import Claim, Gathering, Part, PartState
from studio.domain.people import Person
from studio.errors import (
    ChatelierError,
    NotFoundError,
    PolicyRefusalError,
    RateLimitedError,
    ServiceError,
    TooManyJobsError,
)
from studio.errors.gatherings import GatheringMovedError
from studio.gatherings.kind import Turn
from studio.gatherings.progress import give_another_try, lose_part
from studio.gatherings.registry import find_kind
from studio.ports import Ports

_COMMANDS = {
    module.SPEC.name: module.SPEC for module in (imagine, vary, edit, expand, blend, upscale, reroll, remix)
}
# After these, trying again later may help.
_PASSING = (ServiceError, TooManyJobsError, RateLimitedError)

log = logging.getLogger(__name__)


def paint_part(ports: Ports, call: Call, gathering_id: str, ordinal: int, words: str) -> Accepted:
    """Submit the job of a part that its person has just claimed. What is wrong is said to them.

    Raises what `submit` raises. Refused words count as an attempt and never enter the gathering.
    """
    gathering, part = _find(ports, gathering_id, ordinal)
    try:
        return _submit(ports, call.person, gathering, replace(part, text=words))
    except PolicyRefusalError:
        _after_failure(ports, part, attempts=part.attempts + 1)
        raise


def submit_wanted(ports: Ports, gathering_id: str) -> None:
    """Submit the jobs of all parts that want one. Any process may, at any time: each is submitted once.

    Raises `ServiceError`; the next process tries again. A part that cannot have its job is lost.
    """
    with ports.database.read() as session:
        gathering = gathering_rows.find_gathering(session, gathering_id)
        wanted = [
            part for part in part_rows.parts_of(session, gathering_id) if part.state is PartState.WANTED
        ]
        people = {part.ordinal: find_person(session, part.person_key or "") for part in wanted}
    for part in wanted:
        try:
            _submit(ports, people[part.ordinal], gathering, part)
        except _PASSING as error:
            log.info("job of a gathering postponed: %s", error.code, extra=_log_fields(part))
        except GatheringMovedError:
            continue  # another process was quicker
        except ChatelierError as error:
            log.info("job of a gathering not submitted: %s", error.code, extra=_log_fields(part))
            _after_failure(ports, part, attempts=part.attempts)


def _find(ports: Ports, gathering_id: str, ordinal: int) -> tuple[Gathering, Part]:
    with ports.database.read() as session:
        gathering = gathering_rows.find_gathering(session, gathering_id)
        part = part_rows.find_part(session, gathering_id, ordinal)
    if part is None:
        raise NotFoundError("part")
    return gathering, part


def _submit(ports: Ports, person: Person, gathering: Gathering, part: Part) -> Accepted:
    """The key of the request is the same while the part is as it was read, so that it is submitted once."""
    kind = find_kind(gathering.kind)
    order = kind.order(ports, gathering, part)
    claim = Claim(
        gathering=gathering.id,
        ordinal=part.ordinal,
        human=part.human or "",
        text=part.text,
        visibility=kind.visibility,
    )
    since = int(part.changed_at.timestamp() * 1000) if part.changed_at else 0
    key = f"gathering:{gathering.id}:{part.ordinal}:{since}"
    call = Call(person=person, address=gathering.address, request_key=key, claim=claim)
    if order.request is not None:
        return submit(ports, call, order.command, order.request)
    spec = _COMMANDS[order.command]
    accepted: Accepted = spec.handle(ports, call, replace(spec.read(order.values), **order.fields))
    return accepted


def _after_failure(ports: Ports, part: Part, *, attempts: int) -> None:
    """The person writes other words, or the part is lost; unless something else happened to it meanwhile."""
    with ports.database.begin() as session:
        turn = Turn.begin(session, part.gathering, find_kind)
        found = turn.part(part.ordinal)
        if found is None or (found.state, found.human) != (part.state, part.human):
            return
        if found.state is PartState.CLAIMED:
            after = give_another_try(turn, found, attempts=attempts)
        else:
            after = lose_part(turn, found)
        if after.state is not found.state:
            turn.kind.part_changed(turn, found, after)
        events = turn.finish()
    outbox.send(ports.database, ports.events, events)


def _log_fields(part: Part) -> dict[str, object]:
    return {"gathering": part.gathering, "part": part.ordinal}
