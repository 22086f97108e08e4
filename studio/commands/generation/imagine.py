"""/imagine: words in, pictures out."""

from dataclasses import dataclass, replace

from studio.commands.generation.picture_shape import settle_shape
from studio.commands.lora_lists import parse_loras
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.parameters import (
    COUNT,
    GUIDANCE,
    IMAGE,
    LORA,
    MODEL,
    NEGATIVE,
    PROMPT,
    SCHEDULER,
    SEED,
    STEPS,
    STYLE,
)
from studio.commands.picture_lists import WeightedPicture, require_few
from studio.commands.prompt_help.proposed_prompts import SUGGEST, suggest_prompts
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.styles.named_style import apply_style, find_saved_style, references_of
from studio.commands.submission.allowed_models import require_tiers
from studio.commands.submission.known_names import (
    find_draft_model,
    require_known,
    require_picture,
)
from studio.commands.submission.privacy import PRIVATE
from studio.commands.submission.prompt_wording import read_wording
from studio.commands.submission.references import find_references, require_references
from studio.commands.submission.request_defaults import own_defaults, usual_count
from studio.commands.submission.source_images import get_seed
from studio.commands.submission.submit import submit
from studio.domain.prompts.proposal import PromptsProposed
from studio.domain.requests import (
    LEAST_SIDE,
    MAX_COUNT,
    MAX_DRAFTS,
    MOST_SIDE,
    STRUCTURES,
    Operation,
    PaintRequest,
    ReferenceKind,
    Source,
)
from studio.domain.settings.saved_styles import SavedStyle
from studio.domain.sizing.drafts import price_draft, usual_drafts
from studio.errors import BadParameterError
from studio.ports import Ports
from studio.serialization import to_data

START = "start"  # the role of an image to paint over; its others are those of a `ReferenceKind`


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagine:
    prompt: str
    negative: str = ""
    count: int | None = None
    seed: int | None = None
    aspect: str | None = None
    size: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    model: str | None = None
    style: str | None = None
    scheduler: str | None = None
    lora: str | None = None
    image: Source | None = None
    strength: float | None = None
    ref: tuple[WeightedPicture, ...] = ()
    sref: tuple[WeightedPicture, ...] = ()
    pose: tuple[WeightedPicture, ...] = ()
    depth: tuple[WeightedPicture, ...] = ()
    edges: tuple[WeightedPicture, ...] = ()
    role: str = START
    draft: bool = False
    private: bool = False
    suggest: bool = False

    @property
    def start(self) -> Source | None:
        """The image to paint over."""
        return self.image if self.role == START else None

    @property
    def named(self) -> tuple[tuple[ReferenceKind, tuple[WeightedPicture, ...]], ...]:
        """The pictures that are named by their ids, by what each is for."""
        return (
            (ReferenceKind.SUBJECT, self.ref),
            (ReferenceKind.STYLE, self.sref),
            (ReferenceKind.POSE, self.pose),
            (ReferenceKind.DEPTH, self.depth),
            (ReferenceKind.EDGES, self.edges),
        )

    @property
    def is_shaped(self) -> bool:
        """Whether it says how wide and how tall, or a picture does: what it starts from or follows."""
        brings_shape = self.start or (self.image and self.role in STRUCTURES)
        follows = self.pose or self.depth or self.edges
        return bool(self.aspect or self.size or self.width or self.height or brings_shape or follows)


def imagine(ports: Ports, call: Call, command: Imagine) -> Accepted | PromptsProposed:
    most = ports.gate.allowance(call.person).max_pictures if command.draft else usual_count(ports, call)
    whole, style = _with_style(ports, call, command)
    request = _price(ports, apply_style(request_of(whole, most_pictures=most), style))
    references = [
        source for kind, pictures in command.named for source in find_references(ports, call, pictures, kind)
    ]
    references += references_of(ports, call, style)
    request = replace(request, sources=(*request.sources, *references))
    require_few("ref", len(request.references))
    call = replace(call, private=command.private)
    if command.suggest:
        return suggest_prompts(ports, call, request, waiting=to_data(replace(command, suggest=False)))
    return submit(ports, call, SPEC.name, request)


def _price(ports: Ports, request: PaintRequest) -> PaintRequest:
    """Raises `BadParameterError`."""
    if not request.draft:
        return request
    model = find_draft_model(ports, request.model)
    priced = price_draft(request, width=model.width, height=model.height, steps=model.steps)
    return replace(priced, pixels=model.fixed_pixels or priced.pixels)


def check(ports: Ports, call: Call, command: Imagine) -> None:
    """Raises `BadParameterError`."""
    whole, style = _with_style(ports, call, command)
    request = apply_style(request_of(whole, most_pictures=1), style)
    require_known(ports, request)
    if request.draft:
        find_draft_model(ports, request.model)
    require_tiers(ports, ports.gate.allowance(call.person), request)
    named = [
        Source(key="", reference=kind, weight=picture.weight)
        for kind, pictures in command.named
        for picture in pictures
    ]
    named.extend(
        Source(key="", reference=reference.kind, weight=reference.weight)
        for reference in (style.references if style else ())
    )
    request = replace(request, sources=(*request.sources, *named))
    require_few("ref", len(request.references))
    require_picture(ports, request)
    require_references(ports, request)


def _with_style(ports: Ports, call: Call, command: Imagine) -> tuple[Imagine, SavedStyle | None]:
    """The command with what is left open, and the saved style that it names; a model of that goes before a default.

    Raises `BadParameterError`.
    """
    style = find_saved_style(ports, call, command.style)
    if style is not None:
        command = replace(command, model=command.model or style.model)
    return complete(ports, call, command), style


def complete(ports: Ports, call: Call, command: Imagine) -> Imagine:
    """With the person's own defaults. A picture that is brought along has its own shape."""
    chosen, model = own_defaults(ports, call)
    return replace(
        command,
        model=command.model or model,
        style=command.style or chosen.style,
        aspect=command.aspect if command.is_shaped else chosen.aspect,
    )


def request_of(command: Imagine, *, most_pictures: int) -> PaintRequest:
    """What is left open is settled here: the count, and the seed by chance. Raises `BadParameterError`."""
    aspect, width, height = settle_shape(command)
    usual = usual_drafts(most_pictures) if command.draft else most_pictures
    if not command.draft and (command.count or 0) > MAX_COUNT:
        raise BadParameterError("count", "count_of_drafts", most=MAX_COUNT, drafts=MAX_DRAFTS)
    wording = read_wording(command.prompt, count=command.count, usual=usual)
    return PaintRequest(
        operation=Operation.IMAGINE,
        prompt=wording.prompt,
        prompts=wording.prompts,
        negative_prompt=command.negative,
        count=wording.count,
        seed=get_seed(command.seed),
        aspect=aspect,
        width=width,
        height=height,
        steps=command.steps,
        guidance_scale=command.guidance,
        model=command.model,
        style=command.style,
        scheduler=command.scheduler,
        loras=parse_loras(command.lora) if command.lora else (),
        sources=_attached_sources(command),
        strength=command.strength,
        draft=command.draft,
    )


def _attached_sources(command: Imagine) -> tuple[Source, ...]:
    if command.image is None:
        return ()
    if command.start:
        return (command.start,)
    return (replace(command.image, reference=ReferenceKind(command.role), mask_key=None, as_mask_key=None),)


SPEC = CommandSpec(
    name="imagine",
    summary="Paint pictures from words.",
    example="/imagine a red apple on a blue background --seed 7",
    build=Imagine,
    handle=imagine,
    check=check,
    parameters=(
        PROMPT,
        NEGATIVE,
        replace(COUNT, maximum=MAX_DRAFTS),
        SEED,
        Parameter(name="aspect", kind=Kind.ASPECT, summary="The aspect ratio, such as 3:2.", aliases=("ar",)),
        Parameter(name="size", kind=Kind.SIZE, summary="Width and height in pixels, such as 512x768."),
        Parameter(
            name="width",
            summary="Width in pixels.",
            kind=Kind.INTEGER,
            minimum=LEAST_SIDE,
            maximum=MOST_SIDE,
        ),
        Parameter(
            name="height",
            summary="Height in pixels.",
            kind=Kind.INTEGER,
            minimum=LEAST_SIDE,
            maximum=MOST_SIDE,
        ),
        STEPS,
        GUIDANCE,
        MODEL,
        STYLE,
        SCHEDULER,
        LORA,
        IMAGE,
        Parameter(
            name="strength",
            kind=Kind.NUMBER,
            summary="With an image: how far to move away from it, 0.05 to 1.",
            minimum=0.05,
            maximum=1,
        ),
        Parameter(
            name="ref",
            kind=Kind.REFERENCES,
            summary="Pictures whose subject to show, by id, up to four; with weights if the model can weigh them.",
        ),
        Parameter(
            name="sref",
            kind=Kind.REFERENCES,
            summary="Pictures whose style to use, by id, up to four; with weights if the model can weigh them.",
        ),
        *(
            Parameter(
                name=kind.value,
                kind=Kind.REFERENCES,
                summary=f"A picture whose {kind} to follow, by id, with a weight if you like.",
            )
            for kind in STRUCTURES
        ),
        Parameter(
            name="role",
            kind=Kind.CHOICE,
            summary="What your image is: the start, a subject, a style, or a pose, depth or edges to follow.",
            choices=(START, *ReferenceKind),
        ),
        Parameter(
            name="draft",
            kind=Kind.SWITCH,
            summary="Small pictures in few steps, eight or up to sixteen, to choose from before painting.",
        ),
        PRIVATE,
        SUGGEST,
    ),
)
