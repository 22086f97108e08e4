"""/unban: somebody may paint here again."""

from dataclasses import dataclass

from studio.commands.moderation.ban import PERSON, person_here
from studio.commands.results import BanChanged
from studio.commands.spec import Audience, Call, CommandSpec
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Unban:
    person: str


def unban(ports: Ports, call: Call, command: Unban) -> BanChanged:
    who = person_here(ports, call, command.person)
    return BanChanged(seen=who, lifted=ports.desk.unban(call.person, who.person.key))


SPEC = CommandSpec(
    name="unban",
    summary="Lift a ban.",
    example="/unban @bo",
    build=Unban,
    handle=unban,
    parameters=(PERSON,),
    paints=False,
    audience=Audience.MODERATORS,
)
