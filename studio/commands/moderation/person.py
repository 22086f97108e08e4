"""/person: what moderators have to know of somebody, a note about them, and one decision for their open cases."""

from dataclasses import dataclass

from studio.commands.moderation.ban import PERSON, person_here
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Audience, Call, CommandSpec
from studio.domain.cases import DECISIONS, URGENT, Case, Decision, PersonShown
from studio.errors import CaseTakenError, NotAllowedError
from studio.ports import Ports

# Nobody is suspended or struck without their case being read.
IN_BULK = (Decision.APPROVE, Decision.SPOILER, Decision.REJECT)
_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPerson:
    person: str
    note: str = ""
    decide: str | None = None


def show_person(ports: Ports, call: Call, command: ShowPerson) -> PersonShown:
    """Raises `NotAllowedError` and `NotFoundError`."""
    key = person_here(ports, call, command.person).person.key
    if command.note:
        ports.desk.write_note(call.person, key, command.note)
    found = ports.desk.read_person(call.person, key)
    if command.decide is None:
        return PersonShown(file=found)
    decision = Decision(command.decide)
    decided = [case for case in found.open_cases if _decide(ports, call, case, decision, command.note)]
    return PersonShown(
        file=ports.desk.read_person(call.person, key),
        decided=len(decided),
        left=len(found.open_cases) - len(decided),
    )


def _decide(ports: Ports, call: Call, case: Case, decision: Decision, note: str) -> bool:
    """False: it cannot be decided so, somebody else has it, or it is urgent, which is decided by itself."""
    if case.weight >= URGENT or decision not in DECISIONS[case.kind]:
        return False
    try:
        ports.desk.decide(call.person, case.id, decision, note=note)
    except (CaseTakenError, NotAllowedError):
        return False
    return True


SPEC = CommandSpec(
    name="person",
    summary="Somebody’s page, for moderators: refusals, strikes, notes, linked names and open cases.",
    example="/person @bo --decide reject",
    build=ShowPerson,
    handle=show_person,
    parameters=(
        PERSON,
        Parameter(
            name="note",
            kind=Kind.TEXT,
            literal=True,
            summary="A note about them for the other moderators.",
            max_length=_LONGEST_NOTE,
        ),
        Parameter(
            name="decide", kind=Kind.CHOICE, summary="One decision for all their open cases.", choices=IN_BULK
        ),
    ),
    paints=False,
    audience=Audience.MODERATORS,
)
