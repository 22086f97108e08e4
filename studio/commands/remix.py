"""/remix: somebody's picture, with other words."""

from dataclasses import dataclass

from studio.commands.answers import Accepted
from studio.commands.origins import any_seed, find_origin
from studio.commands.spec import COUNT, PICTURE, PROMPT, SEED, Call, CommandSpec
from studio.commands.submit import submit
from studio.ports import Ports
from studio.requests import Operation, PaintRequest, Strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Remix:
    prompt: str
    picture: str | None = None
    count: int | None = None
    seed: int | None = None


def remix(ports: Ports, call: Call, command: Remix) -> Accepted:
    origin = find_origin(ports, call, picture=command.picture, image=None)
    request = PaintRequest(
        operation=Operation.VARY,
        prompt=command.prompt,
        negative_prompt=origin.negative_prompt,
        variation=Strength.STRONG,
        count=command.count or ports.rules.max_pictures,
        seed=any_seed() if command.seed is None else command.seed,
        model=origin.model,
        style=origin.style,
        sources=(origin.source,),
    )
    return submit(ports, call, SPEC.name, request)


SPEC = CommandSpec(
    name="remix",
    summary="Paint a picture again with other words.",
    example="/remix k3v9m2p4qx7a.2 a green apple on a table",
    build=Remix,
    handle=remix,
    parameters=(PICTURE, PROMPT, COUNT, SEED),
)
