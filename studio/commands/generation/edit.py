"""/edit: change a part of a picture, or all of it by words where the model can."""

from dataclasses import dataclass, replace

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.parameters import COUNT, IMAGE, MODEL, PICTURE, PROMPT, SEED
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.known_names import find_model, names_of_word_editors
from studio.commands.submission.prompt_wording import read_wording
from studio.commands.submission.request_defaults import usual_count
from studio.commands.submission.source_images import find_origin, get_seed, require_one
from studio.commands.submission.submit import submit
from studio.domain.requests import Operation, PaintRequest, Source
from studio.domain.sizing.canvases import Box
from studio.domain.sizing.prices import pixels_around, pixels_edited
from studio.errors import BadParameterError
from studio.parsing.grid_regions import box_of_cells, parse_region
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    prompt: str
    picture: str | None = None
    image: Source | None = None
    region: str | None = None
    mask: str | None = None
    count: int | None = None
    seed: int | None = None
    model: str | None = None


def edit(ports: Ports, call: Call, command: Edit) -> Accepted:
    origin = find_origin(ports, call, picture=command.picture, image=command.image)
    cells = parse_region(command.region) if command.region else ()
    mask_key = command.mask or origin.source.mask_key
    model = command.model or origin.model
    if not (cells or mask_key):
        _require_word_editor(ports, model)
    source, box = _with_fitted_mask(ports, replace(origin.source, mask_key=mask_key), cells)
    wording = read_wording(command.prompt, count=command.count, usual=usual_count(ports, call))
    request = PaintRequest(
        operation=Operation.EDIT,
        prompt=wording.prompt,
        prompts=wording.prompts,
        negative_prompt=origin.negative_prompt,
        cells=cells,
        count=wording.count,
        seed=get_seed(command.seed),
        model=model,
        style=origin.style,
        loras=origin.loras if model == origin.model else (),
        sources=(source,),
        pixels=pixels_around(source, box) if box else pixels_edited(source),
    )
    return submit(ports, call, SPEC.name, request)


def check(ports: Ports, call: Call, command: Edit) -> None:
    """Raises `BadParameterError`. Of an upload only `edit` knows whether it is transparent, which makes a mask.

    In direct messages it is not known yet whose pictures a person sees.
    """
    require_one(picture=command.picture, image=command.image)
    cells = parse_region(command.region) if command.region else ()
    if command.model:
        find_model(ports, command.model)
    if not (cells or command.mask or command.image or call.person.is_alone):
        origin = find_origin(ports, call, picture=command.picture, image=None)
        _require_word_editor(ports, command.model or origin.model)
    read_wording(command.prompt, count=command.count, usual=1)


def _require_word_editor(ports: Ports, name: str | None) -> None:
    """Raises `BadParameterError` for a model that has to know which part to change."""
    able = names_of_word_editors(ports)
    if not able:
        raise BadParameterError("region", "no_region")
    if not (model := find_model(ports, name)).edits_by_words:
        raise BadParameterError("region", "no_region_for_model", model=model.name, able=able)


def _with_fitted_mask(ports: Ports, source: Source, cells: tuple[str, ...]) -> tuple[Source, Box | None]:
    """The picture with its mask at its size, and the box that changes, where that is known. Cells count before a mask.

    Raises `BadImageError` for a mask that does not fit, before anybody waits for a worker to say so.
    """
    if cells or source.mask_key is None:
        box = box_of_cells(cells, source.size) if source.size and cells else None
        return replace(source, mask_key=None), box
    mask, picture = ports.store.get(source.mask_key), ports.store.get(source.key)
    fitted = ports.image_tools.fit_mask(mask, picture=picture)
    return replace(source, mask_key=ports.store.put(fitted.png, suffix=".png")), fitted.box


SPEC = CommandSpec(
    name="edit",
    summary="Change a part of a picture, or all of it by words.",
    example="/edit k3v9m2p4qx7a.2 a small boat --region B3-C4",
    build=Edit,
    handle=edit,
    check=check,
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
        MODEL,
    ),
)
