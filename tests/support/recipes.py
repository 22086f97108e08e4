"""Recipes for pictures that no model painted."""

from dataclasses import replace
from typing import Any

from studio.domain.pictures import Recipe
from studio.domain.requests import Operation, PaintRequest

PLAIN = Recipe(
    operation=Operation.IMAGINE,
    prompt="a red apple",
    seed=1,
    steps=2,
    guidance_scale=1.0,
    width=64,
    height=64,
    model="brush",
    model_hash="0" * 12,
    scheduler="none",
    software="test",
)


def recipe_of(request: PaintRequest, index: int = 0, **changes: Any) -> Recipe:
    """Of the picture with this index, counted from 0."""
    asked = replace(
        PLAIN,
        operation=request.operation,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        seed=request.seed_of(index),
        parents=tuple(source.picture_id for source in request.sources if source.picture_id),
    )
    return replace(asked, **changes)
