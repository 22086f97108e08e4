"""To which server something belongs that is pressed in direct messages."""

from collections.abc import Callable
from typing import Any, cast

from bots.discord.guilds.dm_context import HomeCommunity, find_home_community
from bots.interactions.step_runner import StepRunner
from bots.presentation.interaction_router import Run
from bots.process.thread_pools import Pool
from studio.commands.spec import Call
from studio.db.identities.people import lock_person
from studio.db.prompts.proposals import save_proposal
from studio.domain.people import Person, Platform
from studio.ports import Ports

ANA = Person(platform=Platform.DISCORD, community="8001", user_id="42", display_name="ana")


def test_a_proposal_belongs_to_its_persons_server(ports: Ports) -> None:
    with ports.database.begin() as session:
        lock_person(session, ANA)
        proposal = save_proposal(session, ANA.key, "remix", {}, ["a red apple"]).id
    assert find_home_community(ports.database, proposal, "42") == HomeCommunity(community="8001", own=True)
    assert find_home_community(ports.database, proposal, "43") is None


class Pools:
    async def run(self, pool: Pool, function: Callable[..., Any], *arguments: Any) -> Any:
        return arguments[1]


class AtHome(StepRunner):
    async def at_home(self, call: Call, what: str, *, paints: bool = False) -> Call:
        return cast("Call", f"at home of {what}")


async def test_a_pressed_proposal_is_painted_in_the_server_that_it_belongs_to(
    ports: Ports, call: Call
) -> None:
    runner = AtHome(ports, cast("Any", Pools()), cast("Any", None))
    run = Run(command="proposal", values={"proposal": "k3v9m2p4qx7a", "number": 1})
    assert await runner.run(run, call) == "at home of k3v9m2p4qx7a"  # type: ignore[comparison-overlap]
