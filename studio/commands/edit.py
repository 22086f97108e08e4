"""/edit: paint a part of a picture anew."""

from dataclasses import dataclass, replace

from studio.commands.answers import Accepted
from studio.commands.defaults import usual_count
from studio.commands.origins import any_seed, find_origin
from studio.commands.parameters import COUNT, IMAGE, PICTURE, PROMPT, SEED
from studio.commands.spec import Call, CommandSpec, Kind, Parameter
from studio.commands.submit import submit
from studio.commands.wording import read_wording
from studio.errors import BadParameter
from studio.ports import Ports
from studio.regions import parse_region
from studio.requests import Operation, PaintRequest, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    prompt: str
    picture: str | None = None
    image: Source | None = None
    region: str | None = None
    mask: str | None = None
    count: int | None = None
    seed: int | None = None


def edit(ports: Ports, call: Call, command: Edit) -> Accepted:
    origin = find_origin(ports, call, picture=command.picture, image=command.image)
    cells = parse_region(command.region) if command.region else ()
    mask_key = command.mask or origin.source.mask_key
    if not cells and not mask_key:
        raise BadParameter("region", "say which part to change, for example B2-C3, or attach a mask.")
    if cells:
        mask_key = None
    elif mask_key:
        mask_key = _fit_mask(ports, mask_key, picture_key=origin.source.key)
    wording = read_wording(command.prompt, count=command.count, usual=usual_count(ports, call))
    request = PaintRequest(
        operation=Operation.EDIT,
        prompt=wording.prompt,
        prompts=wording.prompts,
        negative_prompt=origin.negative_prompt,
        cells=cells,
        count=wording.count,
        seed=any_seed() if command.seed is None else command.seed,
        model=origin.model,
        style=origin.style,
        loras=origin.loras,
        sources=(replace(origin.source, mask_key=mask_key),),
    )
    return submit(ports, call, SPEC.name, request)


def _fit_mask(ports: Ports, mask_key: str, *, picture_key: str) -> str:
    """The key of the mask at the picture's size. Raises `BadImage` before anybody waits for a worker to say so."""
    fitted = ports.darkroom.fit_mask(ports.store.get(mask_key), picture=ports.store.get(picture_key))
    return ports.store.put(fitted, suffix=".png")


SPEC = CommandSpec(
    name="edit",
    summary="Paint a part of a picture anew.",
    example="/edit k3v9m2p4qx7a.2 a small boat --region B3-C4",
    build=Edit,
    handle=edit,
    parameters=(
        PICTURE,
        PROMPT,
        Parameter(
            name="region",
            kind=Kind.TEXT,
            summary="Cells of the lettered grid: A1 is top left, D4 bottom right.",
            max_length=100,
        ),
        IMAGE,
        Parameter(name="mask", kind=Kind.MASK, summary="A mask, white where the picture may change."),
        COUNT,
        SEED,
    ),
)
