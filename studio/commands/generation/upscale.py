"""/upscale: the same picture with four times the pixels on each side."""

from dataclasses import dataclass

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.parameters import IMAGE, PICTURE
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.source_images import find_origin, require_one
from studio.commands.submission.submit import submit
from studio.domain.requests import Operation, PaintRequest, Source
from studio.domain.sizing.prices import pixels_enlarged
from studio.ports import Ports

FACTOR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Upscale:
    picture: str | None = None
    image: Source | None = None
    upscaler: str | None = None


def upscale(ports: Ports, call: Call, command: Upscale) -> Accepted:
    origin = find_origin(ports, call, picture=command.picture, image=command.image)
    request = PaintRequest(
        operation=Operation.UPSCALE,
        prompt=origin.prompt,
        count=1,
        seed=origin.recipe.seed if origin.recipe else 0,
        factor=FACTOR,
        upscaler=command.upscaler.lower() if command.upscaler else None,
        sources=(origin.source,),
        pixels=pixels_enlarged(origin.source, FACTOR),
    )
    return submit(ports, call, SPEC.name, request)


def check(_ports: Ports, _call: Call, command: Upscale) -> None:
    """Raises `BadParameterError`."""
    require_one(picture=command.picture, image=command.image)


SPEC = CommandSpec(
    name="upscale",
    summary="Make a picture four times as large.",
    example="/upscale k3v9m2p4qx7a.2",
    build=Upscale,
    handle=upscale,
    check=check,
    parameters=(
        PICTURE,
        IMAGE,
        Parameter(
            name="upscaler", kind=Kind.TEXT, summary="Which one, where there are several.", max_length=50
        ),
    ),
)
