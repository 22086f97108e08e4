"""/ban: somebody may not paint here, for a while or for good."""

from dataclasses import dataclass
from datetime import timedelta

from studio.clock import now
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import BanChanged
from studio.commands.spec import Audience, Call, CommandSpec
from studio.db.identities.people import find_sighting
from studio.domain.people import Sighting
from studio.errors import NotAllowedError
from studio.ports import Ports

PERSON = Parameter(
    name="person", kind=Kind.PERSON, summary="Who it is about.", required=True, positional=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    person: str
    duration: timedelta | None = None
    reason: str = ""


def ban(ports: Ports, call: Call, command: Ban) -> BanChanged:
    """Their waiting and painting jobs are cancelled at once. Raises `NotAllowedError` and `NotFoundError`."""
    who = person_here(ports, call, command.person)
    until = now() + command.duration if command.duration else None
    ports.desk.ban(call.person, who.person.key, until=until, reason=command.reason)
    return BanChanged(seen=who, until=until)


def person_here(ports: Ports, call: Call, key: str) -> Sighting:
    """Raises `NotAllowedError` for a person who does not moderate, `NotFoundError` for one of another community."""
    if not call.person.moderates:
        raise NotAllowedError("moderators_only")
    here = f"{call.person.platform}:{call.person.community}:"
    if not key.startswith(here):
        raise NotAllowedError("own_community_only")
    with ports.database.read() as session:
        return find_sighting(session, key)


SPEC = CommandSpec(
    name="ban",
    summary="Ban somebody, for a while or for good.",
    example="/ban @bo --duration 7d --reason kept probing the rules",
    build=Ban,
    handle=ban,
    parameters=(
        PERSON,
        Parameter(name="duration", kind=Kind.DURATION, summary="Such as 12h or 7d; for good if left out."),
        Parameter(
            name="reason", kind=Kind.TEXT, literal=True, summary="A note for the records.", max_length=500
        ),
    ),
    paints=False,
    audience=Audience.MODERATORS,
)
