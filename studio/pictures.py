"""Finished pictures and the recipe that made each."""

from dataclasses import dataclass
from datetime import datetime

from studio.requests import Lora, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything needed to paint the picture again. Sizes are in pixels."""

    operation: Operation
    prompt: str
    negative_prompt: str = ""
    seed: int
    steps: int
    guidance_scale: float
    strength: float | None = None
    width: int
    height: int
    model: str
    model_hash: str
    scheduler: str
    software: str
    style: str | None = None
    loras: tuple[Lora, ...] = ()
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One finished picture as the faces see it. `index` counts from 1."""

    id: str
    job_id: str
    index: int
    recipe: Recipe
    key: str
    thumbnail_key: str
    width: int
    height: int
    size_bytes: int
    created_at: datetime
    stars: int = 0
    deleted: bool = False
