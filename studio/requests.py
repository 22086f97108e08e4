"""What the engine is asked to paint: one shape for every operation."""

from dataclasses import dataclass
from enum import StrEnum

from studio.errors import BadParameter

MAX_COUNT = 8
MAX_SEED = 2**32 - 1


class Operation(StrEnum):
    IMAGINE = "imagine"
    VARY = "vary"
    EDIT = "edit"
    EXPAND = "expand"
    UPSCALE = "upscale"


class Strength(StrEnum):
    """How far a variation may move from its source."""

    SUBTLE = "subtle"
    STRONG = "strong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A picture to start from: a storage key, and the picture's id if it was painted here."""

    key: str
    picture_id: str | None = None
    mask_key: str | None = None  # L-mode PNG, white where the picture may change


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Pixels to add on each side."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintRequest:
    """One accepted request. None means: the model's own default, filled in by the worker.

    `seed` is in [0, 2**32); picture i of the job (counted from 0) uses ``(seed + i) % 2**32``.
    `strength` in (0, 1] is how much of the noise schedule an img2img or inpaint run goes through.
    `aspect` is ``"W:H"``; it is ignored when `width` and `height` are given.
    """

    operation: Operation
    seed: int
    prompt: str = ""
    negative_prompt: str = ""
    count: int = 4
    model: str | None = None
    style: str | None = None
    scheduler: str | None = None
    width: int | None = None
    height: int | None = None
    aspect: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    strength: float | None = None
    variation: Strength | None = None
    sources: tuple[Source, ...] = ()
    cells: tuple[str, ...] = ()  # of the lettered grid A1–D4
    sides: tuple[str, ...] = ()  # of left, top, right, bottom
    amount_percent: int | None = None
    factor: int | None = None

    @property
    def cost(self) -> int:
        """Credits: one per picture."""
        return self.count

    def seed_of(self, index: int) -> int:
        """The seed of picture `index`, counted from 0."""
        return (self.seed + index) % (MAX_SEED + 1)


def parse_aspect(text: str) -> tuple[int, int]:
    """``"3:2"`` becomes (3, 2). Ratios from 1:4 to 4:1 are allowed."""
    left, _, right = text.replace("x", ":").replace("/", ":").partition(":")
    try:
        width, height = int(left), int(right)
    except ValueError:
        raise BadParameter("aspect", "write it as two numbers, for example 3:2.") from None
    if width < 1 or height < 1 or not 0.25 <= width / height <= 4:
        raise BadParameter("aspect", "must lie between 1:4 and 4:1.")
    return width, height
