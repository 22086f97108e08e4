"""/remix: somebody's picture, with other words."""

from dataclasses import dataclass

from studio.commands.generation.vary import Vary
from studio.commands.generation.vary import check as check_variation
from studio.commands.generation.vary import request_of as request_of_variation
from studio.commands.parameters import COUNT, PICTURE, PROMPT, SEED
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.submit import submit
from studio.domain.requests import PaintRequest, Strength
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Remix:
    prompt: str
    picture: str | None = None
    count: int | None = None
    seed: int | None = None


def remix(ports: Ports, call: Call, command: Remix) -> Accepted:
    return submit(ports, call, SPEC.name, request_of(ports, call, command))


def request_of(ports: Ports, call: Call, command: Remix) -> PaintRequest:
    """Raises `BadParameterError` and `NotFoundError`."""
    return request_of_variation(ports, call, _variation(command))


def check(ports: Ports, call: Call, command: Remix) -> None:
    """Raises `BadParameterError`."""
    check_variation(ports, call, _variation(command))


def _variation(command: Remix) -> Vary:
    return Vary(
        picture=command.picture,
        prompt=command.prompt,
        strength=Strength.STRONG,
        count=command.count,
        seed=command.seed,
    )


SPEC = CommandSpec(
    name="remix",
    summary="Paint a picture again with other words.",
    example="/remix k3v9m2p4qx7a.2 a green apple on a table",
    build=Remix,
    handle=remix,
    check=check,
    parameters=(PICTURE, PROMPT, COUNT, SEED),
)
