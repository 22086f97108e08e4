"""/expand: paint beyond the frame."""

from dataclasses import dataclass

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.parameters import COUNT, IMAGE, PICTURE, SEED
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.request_defaults import usual_count
from studio.commands.submission.source_images import find_origin, get_seed, require_one
from studio.commands.submission.submit import submit
from studio.domain.requests import Operation, PaintRequest, Source
from studio.domain.sizing.canvases import DEFAULT_PERCENT, SIDES, area_with, margins_for
from studio.errors import BadParameterError
from studio.ports import Ports

_SYNONYMS = {"up": "top", "above": "top", "down": "bottom", "below": "bottom"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expand:
    picture: str | None = None
    image: Source | None = None
    sides: str | None = None
    amount: int | None = None
    aspect: str | None = None
    prompt: str | None = None
    count: int | None = None
    seed: int | None = None


def expand(ports: Ports, call: Call, command: Expand) -> Accepted:
    check(ports, call, command)
    origin = find_origin(ports, call, picture=command.picture, image=command.image)
    sides = () if command.aspect else parse_sides(command.sides or "all")
    amount = None if command.aspect else command.amount or DEFAULT_PERCENT
    request = PaintRequest(
        operation=Operation.EXPAND,
        prompt=command.prompt or origin.prompt,
        own_words=bool(command.prompt),
        negative_prompt=origin.negative_prompt,
        aspect=command.aspect,
        sides=sides,
        amount_percent=amount,
        count=command.count or usual_count(ports, call),
        seed=get_seed(command.seed),
        model=origin.model,
        style=origin.style,
        loras=origin.loras,
        sources=(origin.source,),
        pixels=_canvas_pixels(origin.source, command.aspect, sides, amount),
    )
    return submit(ports, call, SPEC.name, request)


def check(_ports: Ports, _call: Call, command: Expand) -> None:
    """Raises `BadParameterError`."""
    require_one(picture=command.picture, image=command.image)
    if command.sides and command.aspect:
        raise BadParameterError("sides", "sides_or_aspect")
    if command.amount and command.aspect:
        raise BadParameterError("amount", "amount_or_aspect")
    if command.sides:
        parse_sides(command.sides)


def _canvas_pixels(
    source: Source, aspect: str | None, sides: tuple[str, ...], amount_percent: int | None
) -> int | None:
    """Raises `BadParameterError` before anybody waits for a worker to say that a canvas is too large, or no larger."""
    if source.size is None:
        return None
    margins = margins_for(source.size, aspect=aspect, sides=sides, amount_percent=amount_percent)
    return area_with(source.size, margins)


def parse_sides(text: str) -> tuple[str, ...]:
    """``"left, right"`` or ``"all"``. Raises `BadParameterError`."""
    words = [_SYNONYMS.get(word, word) for word in text.lower().replace(",", " ").split()]
    if words == ["all"]:
        return SIDES
    unknown = [word for word in words if word not in SIDES]
    if unknown or not words:
        raise BadParameterError("sides", "not_sides", sides=SIDES)
    return tuple(side for side in SIDES if side in words)


SPEC = CommandSpec(
    name="expand",
    summary="Paint beyond the frame.",
    example="/expand k3v9m2p4qx7a.2 --sides left,right --amount 50",
    build=Expand,
    handle=expand,
    check=check,
    parameters=(
        PICTURE,
        IMAGE,
        Parameter(
            name="sides", kind=Kind.TEXT, summary="Some of left, top, right, bottom, or all.", max_length=40
        ),
        Parameter(
            name="amount",
            kind=Kind.INTEGER,
            summary="Percent to add on each side. A picture costs a credit for each megapixel of its canvas.",
            minimum=10,
            maximum=200,
        ),
        Parameter(
            name="aspect", kind=Kind.ASPECT, summary="A new aspect ratio, such as 16:9.", aliases=("ar",)
        ),
        Parameter(name="prompt", kind=Kind.TEXT, summary="What the new part shows."),
        COUNT,
        SEED,
    ),
)
