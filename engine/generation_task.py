"""What a worker asks of the image generator, and what it gets back. No torch here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

from studio.domain.pictures import Recipe
from studio.domain.requests import PaintRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationTask:
    """A request with its source pictures decoded.

    `sources` are RGB; `mask` is L, of the first source's size, white where the picture may change. `person` is the key
    by which the step batcher shares fairly; `weight` above 1 gives its samples more of the step batcher.
    `done` are the pictures, counted from 0, that are there from an earlier attempt and not painted again.
    `references` are RGB pictures of any size that stand beside the words; those of the request in their order. So are
    `structures`, whose edges, depth or pose are followed.
    """

    job_id: str
    person: str
    request: PaintRequest
    sources: Sequence[Image.Image] = ()
    references: Sequence[Image.Image] = ()
    structures: Sequence[Image.Image] = ()
    mask: Image.Image | None = field(default=None, repr=False)
    weight: float = 1.0
    done: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Step `step` of `steps`; `preview` is a small RGB picture or None.

    To people `steps` are those that were asked for, whatever part of the schedule a start picture leaves out, and
    however many pictures and windows there are: `step` is the share of all work that is done of them.

    `seconds_left` is None while nothing is known of how long a step takes.
    """

    step: int
    steps: int
    seconds_left: float | None = None
    preview: Image.Image | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedImage:
    """One finished picture, RGB, with the recipe that made it (`parents` are filled in by the worker)."""

    image: Image.Image = field(repr=False)
    recipe: Recipe
