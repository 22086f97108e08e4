"""/review: take a case from the desk and read it, or decide it."""

from dataclasses import dataclass

from studio.clock import now
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import CaseDecided, CaseOpened
from studio.commands.spec import Audience, Call, CommandSpec
from studio.db.cases import desk_cases
from studio.db.identities.linked_identities import identities
from studio.domain.cases import Decision
from studio.errors import NotAllowedError, NotFoundError
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    case: str | None = None
    decision: str | None = None
    note: str = ""


def review(ports: Ports, call: Call, command: Review) -> CaseOpened | CaseDecided:
    """Without a case, the next one that is free.

    Raises `NotAllowedError`, `NotFoundError`, `CaseTakenError`, `BadParameterError`.
    """
    if not call.person.moderates:
        raise NotAllowedError("moderators_only")
    case_id = command.case or _next(ports, call)
    if command.decision is None:
        return CaseOpened(details=ports.desk.claim(call.person, case_id))
    decision = Decision(command.decision)
    return CaseDecided(case=ports.desk.decide(call.person, case_id, decision, note=command.note))


def _next(ports: Ports, call: Call) -> str:
    """The first open case that nobody else has claimed and that is not about or by the moderator."""
    at, me = now(), call.person.key
    with ports.database.read() as session:
        mine = set(identities(session, me))
        for case in desk_cases(session, call.person):
            taken = case.claimed_by not in (None, me) and case.claimed_until and case.claimed_until > at
            if not taken and not mine & {case.subject, case.filed_by}:
                return case.id
    raise NotFoundError("open_case")


SPEC = CommandSpec(
    name="review",
    summary="Take the next case from the desk, or decide one.",
    example="/review k3v9m2p4qx7a --decision approve",
    build=Review,
    handle=review,
    parameters=(
        Parameter(name="case", kind=Kind.CASE, summary="The case's id.", positional=True),
        Parameter(name="decision", kind=Kind.CHOICE, summary="What you decide.", choices=tuple(Decision)),
        Parameter(
            name="note", kind=Kind.TEXT, literal=True, summary="A note for the records.", max_length=500
        ),
    ),
    paints=False,
    audience=Audience.MODERATORS,
)
