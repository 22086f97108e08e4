"""The picture that a command starts from: one painted here, or an upload."""

import secrets
from dataclasses import dataclass, replace

from studio.commands.spec import Call
from studio.db import queries
from studio.domain.pictures import Recipe
from studio.domain.requests import MAX_SEED, Lora, Operation, Source
from studio.errors import BadParameterError
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceImage:
    source: Source
    recipe: Recipe | None  # None for an upload

    @property
    def prompt(self) -> str:
        return self.recipe.prompt if self.recipe else ""

    @property
    def negative_prompt(self) -> str:
        return self.recipe.negative_prompt if self.recipe else ""

    @property
    def model(self) -> str | None:
        return model_of(self.recipe) if self.recipe else None

    @property
    def style(self) -> str | None:
        return self.recipe.style if self.recipe else None

    @property
    def loras(self) -> tuple[Lora, ...]:
        return self.recipe.loras if self.recipe else ()


def model_of(recipe: Recipe) -> str | None:
    """The model that painted it. An upscaler paints nothing."""
    return recipe.model if recipe.operation is not Operation.UPSCALE else None


def find_origin(ports: Ports, call: Call, *, picture: str | None, image: Source | None) -> SourceImage:
    """Raises `BadParameterError` when neither or both are given, `NotFoundError` for a picture out of reach."""
    require_one(picture=picture, image=image)
    if image:
        return SourceImage(source=replace(image, as_mask_key=None), recipe=None)
    with ports.database.read() as session:
        found = queries.find_picture(session, picture or "", viewer=call.person)
        shows_person = queries.began_with_person(session, found.job_id)
    source = Source(
        key=found.source_key,
        picture_id=found.id,
        width=found.width,
        height=found.height,
        shows_person=shows_person,
    )
    return SourceImage(source=source, recipe=found.recipe)


def require_one(*, picture: str | None, image: Source | None) -> None:
    """Raises `BadParameterError` when neither or both are given."""
    if picture and image:
        raise BadParameterError("picture", "picture_or_image")
    if not picture and not image:
        raise BadParameterError("picture", "no_picture")


def get_seed(seed: int | None) -> int:
    """None and -1, as other tools write it, stand for any."""
    return any_seed() if seed is None or seed < 0 else seed


def any_seed() -> int:
    return secrets.randbelow(MAX_SEED + 1)
