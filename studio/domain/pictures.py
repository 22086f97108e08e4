"""Finished pictures and the recipe that made each."""

from dataclasses import dataclass
from datetime import datetime

from studio.domain.requests import Lora, Operation

LONGEST_ALT_TEXT = 1000  # characters; Discord takes 1,024
THUMBNAIL_SIDES_PIXELS = (320, 640, 1280)  # of the longer side, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything needed to paint the picture again. Sizes are in pixels; `prompt` is what the person typed.

    `steps` are those that were asked for. Of their schedule a picture to start from leaves out all but `strength`.
    """

    operation: Operation
    prompt: str
    added_words: str = ""  # about people of whom the prompt does not say who they are
    remark: str = ""  # the model's, as a stored coded text, about words of the prompt that it could not read
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
    unread_words: int = 0  # at the end of the prompt, beyond what the model takes in


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One finished picture as front ends see it. `index` counts from 1.

    `key` is the signed copy that people get. Further work starts from the unsigned master, which nobody gets.
    """

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
    master_key: str | None = None  # None: the picture itself is the master
    thumbnail_640_key: str | None = None
    thumbnail_1280_key: str | None = None
    alt_text: str = ""  # what it shows, in its owner's words; empty: its description or its prompt says so
    description: str = ""  # what a model saw in it
    stars: int = 0
    deleted: bool = False

    @property
    def source_key(self) -> str:
        """What further work starts from."""
        return self.master_key or self.key

    @property
    def thumbnail_keys(self) -> dict[int, str]:
        """By the size that each was made for, in pixels; the smallest is always there."""
        keys = (self.thumbnail_key, self.thumbnail_640_key, self.thumbnail_1280_key)
        return {side: key for side, key in zip(THUMBNAIL_SIDES_PIXELS, keys, strict=True) if key}

    @property
    def file_keys(self) -> set[str]:
        """Every file that is kept of it."""
        return {self.key, self.source_key, *self.thumbnail_keys.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDescribed:
    """`text` is what a model saw in the picture. `own`: the reader may make it the alternative text."""

    picture_id: str
    text: str
    own: bool = False
