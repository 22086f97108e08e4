"""/vary: more like this one."""

from dataclasses import dataclass

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.parameters import COUNT, IMAGE, PICTURE, SEED
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.prompt_wording import PromptWording, read_wording
from studio.commands.submission.request_defaults import usual_count
from studio.commands.submission.source_images import find_origin, get_seed, require_one
from studio.commands.submission.submit import submit
from studio.domain.requests import Operation, PaintRequest, Source, Strength
from studio.domain.sizing.prices import pixels_like
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Vary:
    """`reach` in (0, 1], which nobody types, says more exactly than `strength` how far to move away."""

    picture: str | None = None
    image: Source | None = None
    strength: str = Strength.STRONG
    reach: float | None = None
    prompt: str | None = None
    count: int | None = None
    seed: int | None = None


def vary(ports: Ports, call: Call, command: Vary) -> Accepted:
    return submit(ports, call, SPEC.name, request_of(ports, call, command))


def check(_ports: Ports, _call: Call, command: Vary) -> None:
    """Raises `BadParameterError`."""
    require_one(picture=command.picture, image=command.image)
    if command.prompt:
        read_wording(command.prompt, count=command.count, usual=1)


def request_of(ports: Ports, call: Call, command: Vary) -> PaintRequest:
    """Raises what `find_origin` and `read_wording` raise. A picture's own words are as they are."""
    origin = find_origin(ports, call, picture=command.picture, image=command.image)
    count, usual = command.count, usual_count(ports, call)
    wording = (
        read_wording(command.prompt, count=count, usual=usual)
        if command.prompt
        else PromptWording(prompt=origin.prompt, prompts=(), count=count or usual)
    )
    return PaintRequest(
        operation=Operation.VARY,
        prompt=wording.prompt,
        prompts=wording.prompts,
        negative_prompt=origin.negative_prompt,
        variation=Strength(command.strength),
        reach=command.reach,
        count=wording.count,
        seed=get_seed(command.seed),
        model=origin.model,
        style=origin.style,
        loras=origin.loras,
        sources=(origin.source,),
        pixels=pixels_like(origin.source),
    )


SPEC = CommandSpec(
    name="vary",
    summary="Paint variations of a picture.",
    example="/vary k3v9m2p4qx7a.2 --strength subtle",
    build=Vary,
    handle=vary,
    check=check,
    parameters=(
        PICTURE,
        IMAGE,
        Parameter(
            name="strength", kind=Kind.CHOICE, summary="How far to move away.", choices=("subtle", "strong")
        ),
        Parameter(name="prompt", kind=Kind.TEXT, summary="Other words, if you like."),
        COUNT,
        SEED,
    ),
)
