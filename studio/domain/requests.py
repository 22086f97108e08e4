"""What the engine is asked to paint: one shape for every operation."""

import math
import re
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from studio.errors import BadParameterError

MAX_COUNT = 8
MAX_DRAFTS = 16
MAX_SEED = 2**32 - 1
MOST_BLENDED = 5
MOST_REFERENCES = 4
LEAST_SIDE, MOST_SIDE = 64, 2048  # pixels
MOST_LORAS = 4
PRICED_SIDE = 1024
PRICED_PIXELS = PRICED_SIDE**2
PRICED_STEPS = 30
# Every name that a model may be asked for; those trained by flow matching know only the last.
SCHEDULERS = (
    "ddim",
    "ddpm",
    "pndm",
    "euler",
    "euler a",
    "dpm++ 2m",
    "dpm++ 2m karras",
    "unipc",
    "lcm",
    "heun",
    "deis",
    "tcd",
    "dpm++ 2m sde",
    "dpm++ 2m sde karras",
    "flow euler",
)


class Operation(StrEnum):
    IMAGINE = "imagine"
    VARY = "vary"
    EDIT = "edit"
    EXPAND = "expand"
    BLEND = "blend"
    UPSCALE = "upscale"


class ReferenceKind(StrEnum):
    """What a picture beside the words says: who or what is to be seen, how it is made, or where everything is."""

    SUBJECT = "subject"
    STYLE = "style"
    POSE = "pose"
    DEPTH = "depth"
    EDGES = "edges"


STRUCTURES = (ReferenceKind.POSE, ReferenceKind.DEPTH, ReferenceKind.EDGES)


class Strength(StrEnum):
    """How far a variation may move from its source."""

    SUBTLE = "subtle"
    STRONG = "strong"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptConcern:
    """Why a moderator has to see an upload before anything is painted from it. `evidence` is for moderators only."""

    rule: str
    category: str
    evidence: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A picture to start from: a storage key, and the picture's id if it was painted here.

    `as_mask_key`: of an upload with transparency, what it says as the mask of another picture.
    `shows_person`: it is an upload with a person in it, or was painted from one. Of an upload, `fingerprint` is its
    PDQ hash (64 hexadecimal digits).

    With a `reference` nothing is painted over it: it stands beside the words and counts by `weight`, 1 as usual.
    """

    key: str
    picture_id: str | None = None
    mask_key: str | None = None  # L-mode PNG, white where the picture may change
    as_mask_key: str | None = None
    width: int | None = None  # pixels; None: accepted before sizes were kept
    height: int | None = None
    shows_person: bool = False
    doubt: PromptConcern | None = None
    fingerprint: str = ""
    reference: ReferenceKind | None = None
    weight: float = 1.0
    size_bytes: int = 0  # of an upload's files

    @property
    def size(self) -> tuple[int, int] | None:
        return (self.width, self.height) if self.width and self.height else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Pixels to add on each side."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """Small weights laid over a model's own, by the name that the catalogue of models gives them."""

    name: str
    weight: float | None = None  # None: as the catalogue says

    def __str__(self) -> str:
        return self.name if self.weight is None else f"{self.name}:{self.weight:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MuralCell:
    """A cell of a mural, painted so that it goes on from those around it; the request's size is its own.

    `places` say where each source of the request lies, in cells to the right and down; one at (0, 0) only lends its
    colours. `words` are what this cell shall show; the prompt names its surroundings as well. `softly`: what is
    around goes on where the words leave room.
    """

    places: tuple[tuple[int, int], ...]
    words: str = field(default="", repr=False)
    softly: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintRequest:
    """One accepted request. None means: the model's own default, filled in by the worker.

    `seed` is in [0, 2**32); picture i of the job (counted from 0) uses ``(seed + i) % 2**32``.
    `strength` in (0, 1] is how much of the noise schedule an img2img or inpaint run goes through.
    `reach` in (0, 1] says more exactly than `variation` how far a variation moves away from its picture. Models take
    it for their strength, but for those with a layout prior, which invent too little for that.
    `aspect` is ``"W:H"``; it is ignored when `width` and `height` are given.
    `prompts` are what the prompt stands for when it holds alternatives; picture i uses ``prompt_of(i)``.
    `own_words` is False where the prompt came with the picture and the person added nothing.
    `pixels` are those that one picture takes to paint, where what it starts from decides that.
    `weights` say how much of each source a blend takes, in any unit; none: of all the same.
    A `draft` is painted small and in few steps; the sizes are those of the pictures that may become of it, but `pixels`
    and `steps` are its own. See `studio.domain.sizing.drafts`.
    `price_factor`: the model costs so many times as much as usual; None: as much.
    """

    operation: Operation
    seed: int
    prompt: str = ""
    own_words: bool = True
    prompts: tuple[str, ...] = ()
    negative_prompt: str = ""
    count: int = 4
    model: str | None = None
    style: str | None = None
    saved_style: str | None = None  # the name of the one whose words and LoRAs are among those of the request
    scheduler: str | None = None
    width: int | None = None
    height: int | None = None
    aspect: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    strength: float | None = None
    variation: Strength | None = None
    reach: float | None = None
    sources: tuple[Source, ...] = ()
    weights: tuple[float, ...] = ()
    loras: tuple[Lora, ...] = ()
    cells: tuple[str, ...] = ()  # of the lettered grid A1–D4
    sides: tuple[str, ...] = ()  # of left, top, right, bottom
    amount_percent: int | None = None
    factor: int | None = None
    upscaler: str | None = None  # None: the default one
    pixels: int | None = None
    mural_cell: MuralCell | None = None
    draft: bool = False
    price_factor: float | None = None

    @property
    def price(self) -> int:
        """Credits for one picture: one for up to a megapixel at up to 30 steps, beyond that in proportion.

        What is left to the model counts as one, and so does a side that is left open as 1,024 pixels. An upscaler goes
        over its pixels once.
        """
        return max(1, math.ceil(self._work))

    @property
    def cost(self) -> int:
        """Credits for all pictures of the request. Drafts are counted together: one of them is less than a credit."""
        return max(1, math.ceil(self.count * self._work)) if self.draft else self.count * self.price

    @property
    def _work(self) -> float:
        """Of one picture: 1 for a megapixel at 30 steps of a usual model."""
        sized = self.width is not None or self.height is not None
        asked = (self.width or PRICED_SIDE) * (self.height or PRICED_SIDE) if sized else PRICED_PIXELS
        steps = 1 if self.operation is Operation.UPSCALE else self.steps or PRICED_STEPS
        return (self.pixels or asked) / PRICED_PIXELS * steps / PRICED_STEPS * (self.price_factor or 1.0)

    @property
    def starts(self) -> tuple[Source, ...]:
        """The pictures that are painted over, changed or blended."""
        return tuple(source for source in self.sources if source.reference is None)

    @property
    def references(self) -> tuple[Source, ...]:
        """The pictures that stand beside the words, for a subject or a style."""
        return tuple(
            source for source in self.sources if source.reference and source.reference not in STRUCTURES
        )

    @property
    def structures(self) -> tuple[Source, ...]:
        """The pictures whose pose, depth or edges are followed; each kind once."""
        return tuple(source for source in self.sources if source.reference in STRUCTURES)

    def prompt_of(self, index: int) -> str:
        """The words of picture `index`, counted from 0."""
        return self.prompts[index % len(self.prompts)] if self.prompts else self.prompt

    def seed_of(self, index: int) -> int:
        """The seed of picture `index`, counted from 0."""
        return (self.seed + index) % (MAX_SEED + 1)


def parse_aspect(text: str) -> tuple[int, int]:
    """``"3:2"`` becomes (3, 2), ``"2.35:1"`` becomes (47, 20). Ratios from 1:4 to 4:1 are allowed."""
    left, _, right = text.replace("x", ":").replace("/", ":").partition(":")
    try:
        width, height = _decimal(left), _decimal(right)
    except ValueError:
        raise BadParameterError("aspect", "not_an_aspect") from None
    if width <= 0 or height <= 0 or not Fraction(1, 4) <= width / height <= 4:
        raise BadParameterError("aspect", "aspect_range")
    if width.denominator == height.denominator == 1:
        return int(width), int(height)
    return (width / height).as_integer_ratio()


def _decimal(text: str) -> Fraction:
    """Raises `ValueError`; at most three places, so that the ratio stays one of small numbers."""
    if not re.fullmatch(r"\s*\d{1,5}(?:[.,]\d{1,3})?\s*", text):
        raise ValueError(text)
    return Fraction(text.strip().replace(",", "."))


def parse_size(text: str) -> tuple[int, int]:
    """``"512x768"`` becomes (512, 768), width and height in pixels."""
    left, _, right = text.lower().replace("×", "x").replace("*", "x").partition("x")
    try:
        width, height = int(left), int(right)
    except ValueError:
        raise BadParameterError("size", "not_a_size") from None
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in (width, height)):
        raise BadParameterError("size", "size_range", low=LEAST_SIDE, high=MOST_SIDE)
    return width, height
