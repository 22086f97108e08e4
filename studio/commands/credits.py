"""/credits: what one has painted this month, and what is left."""

from dataclasses import dataclass

from studio.clock import now
from studio.commands.answers import Balance
from studio.commands.spec import Call, CommandSpec
from studio.db import ledger
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCredits:
    pass


def show_credits(ports: Ports, call: Call, _command: ShowCredits) -> Balance:
    with ports.database.read() as session:
        used = ledger.used(session, call.person.key, at=now())
    return Balance(used=used, monthly=ports.rules.monthly_credits)


SPEC = CommandSpec(
    name="credits",
    summary="How many pictures you painted this month, and how many are left.",
    example="/credits",
    build=ShowCredits,
    handle=show_credits,
    parameters=(),
    paints=False,
)
