"""/blend: two to five pictures become new ones that have something of each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.clock import now
from studio.commands.parameter_values import MAX_PROMPT, Kind, Parameter
from studio.commands.parameters import COUNT, IMAGE, PICTURE, SEED
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.request_defaults import usual_count
from studio.commands.submission.source_images import SourceImage, find_origin, get_seed
from studio.commands.submission.submit import submit
from studio.db import collected_pictures, queries
from studio.domain.requests import MOST_BLENDED, Operation, PaintRequest, Source
from studio.domain.sizing.prices import pixels_like
from studio.errors import BadParameterError
from studio.ports import Ports

_FEWEST = 2
_FURTHER = range(2, MOST_BLENDED + 1)
_PICTURES = ("picture", *(f"picture{number}" for number in _FURTHER))
_IMAGES = ("image", *(f"image{number}" for number in _FURTHER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    picture: str | None = None
    picture2: str | None = None
    picture3: str | None = None
    picture4: str | None = None
    picture5: str | None = None
    image: Source | None = None
    image2: Source | None = None
    image3: Source | None = None
    image4: Source | None = None
    image5: Source | None = None
    collected: str | None = None
    prompt: str | None = None
    weights: str | None = None
    count: int | None = None
    seed: int | None = None

    @property
    def pictures(self) -> tuple[str, ...]:
        named = (self.picture, self.picture2, self.picture3, self.picture4, self.picture5)
        return tuple(picture for picture in named if picture)

    @property
    def images(self) -> tuple[Source, ...]:
        attached = (self.image, self.image2, self.image3, self.image4, self.image5)
        return tuple(image for image in attached if image)


def blend(ports: Ports, call: Call, command: Blend) -> Accepted:
    """What was collected is taken out of the tray once it is blended."""
    accepted = submit(ports, call, SPEC.name, request_of(ports, call, command))
    if command.collected:
        with ports.database.begin() as session:
            collected_pictures.empty(session, call.person.key)
    return accepted


def request_of(ports: Ports, call: Call, command: Blend) -> PaintRequest:
    """Pictures painted here come first, then uploads. Raises what `check` and `find_origin` raise."""
    command = _with_collected(ports, call, command)
    _check(command)
    origins = [find_origin(ports, call, picture=picture, image=None) for picture in command.pictures]
    origins += [find_origin(ports, call, picture=None, image=image) for image in command.images]
    first = next((origin for origin in origins if origin.model), origins[0])
    return PaintRequest(
        operation=Operation.BLEND,
        prompt=command.prompt or _joined_texts([origin.prompt for origin in origins]),
        negative_prompt=_joined_texts([origin.negative_prompt for origin in origins]),
        count=command.count or usual_count(ports, call),
        seed=get_seed(command.seed),
        model=first.model,
        style=_shared_style(origins),
        loras=first.loras,
        sources=tuple(origin.source for origin in origins),
        pixels=pixels_like(origins[0].source),
        weights=parse_weights(command.weights, len(origins)) if command.weights else (),
    )


def check(ports: Ports, call: Call, command: Blend) -> None:
    """Raises `BadParameterError`."""
    _check(_with_collected(ports, call, command))


def _with_collected(ports: Ports, call: Call, command: Blend) -> Blend:
    """The command with what lies in the person's tray, after what it names itself."""
    if not command.collected:
        return command
    with ports.database.read() as session:
        tray = collected_pictures.collected_by(session, call.person.key, at=now())
        named = [item.picture_id for item in tray if item.picture_id]
        pictures = [*command.pictures, *queries.still_there(session, named)]
    images = [*command.images, *(item.source for item in tray if item.source)]
    if len(pictures) + len(images) > MOST_BLENDED:
        given = len(pictures) + len(images)
        raise BadParameterError("image", "too_many_to_blend", most=MOST_BLENDED, given=given)
    values: dict[str, Any] = {
        **dict(zip(_PICTURES, pictures, strict=False)),
        **dict(zip(_IMAGES, images, strict=False)),
    }
    return replace(command, **values)


def _check(command: Blend) -> None:
    _check_number(command)
    if command.weights:
        parse_weights(command.weights, len(command.pictures) + len(command.images))


def parse_weights(text: str, count: int) -> tuple[float, ...]:
    """``"2, 1"`` for two pictures: two thirds of the first. Raises `BadParameterError`."""
    example = ", ".join(["2", *["1"] * (count - 1)])
    try:
        weights = tuple(float(number) for number in text.replace(",", " ").split())
    except ValueError:
        raise BadParameterError("weights", "weights_not_numbers", example=example) from None
    if len(weights) != count:
        raise BadParameterError("weights", "weights_for_each", pictures=count, example=example)
    if not all(math.isfinite(weight) and 0 <= weight <= 100 for weight in weights) or not any(weights):
        raise BadParameterError("weights", "weights_range", example=example)
    return weights


def _check_number(command: Blend) -> None:
    given = len(command.pictures) + len(command.images)
    if given < _FEWEST:
        raise BadParameterError("picture2", "too_few_to_blend", fewest=_FEWEST, most=MOST_BLENDED)
    if given > MOST_BLENDED:
        raise BadParameterError("image", "too_many_to_blend", most=MOST_BLENDED, given=given)
    if len(set(command.pictures)) < len(command.pictures):
        raise BadParameterError("picture2", "blended_twice")


def _joined_texts(texts: Sequence[str]) -> str:
    """The different texts one after the other, as many as a prompt has room for."""
    joined = ""
    for text in dict.fromkeys(words for words in texts if words):
        longer = f"{joined}, {text}" if joined else text
        if len(longer) > MAX_PROMPT:
            break
        joined = longer
    return joined


def _shared_style(origins: Sequence[SourceImage]) -> str | None:
    styles = {origin.style for origin in origins}
    return styles.pop() if len(styles) == 1 else None


SPEC = CommandSpec(
    name="blend",
    summary="Blend two to five pictures into new ones.",
    example="/blend k3v9m2p4qx7a.2 x4m2w8r5tq6c.1 a castle at night",
    build=Blend,
    handle=blend,
    check=check,
    parameters=(
        PICTURE,
        *(
            Parameter(
                name=f"picture{number}",
                kind=Kind.PICTURE,
                summary="Another picture, by its id.",
                positional=True,
            )
            for number in _FURTHER
        ),
        Parameter(
            name="prompt", kind=Kind.TEXT, summary="What the blend shows, if you like.", positional=True
        ),
        Parameter(
            name="weights",
            kind=Kind.TEXT,
            summary="The weight of each picture, in their order, such as 2, 1.",
            max_length=60,
        ),
        IMAGE,
        *(
            Parameter(name=f"image{number}", kind=Kind.IMAGE, summary="Another image of your own, attached.")
            for number in _FURTHER
        ),
        COUNT,
        SEED,
        Parameter(name="collected", kind=Kind.CHOICE, summary="Blend what you collected.", choices=("yes",)),
    ),
)
