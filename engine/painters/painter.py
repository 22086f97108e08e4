"""What the easel needs to know of a model family: sketch, prepare, predict, decode."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PIL import Image

from engine.painters.layout import Layout

if TYPE_CHECKING:
    import torch

    from engine.easel.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A picture, RGB, and how much of a whole it makes up, in (0, 1]."""

    picture: Image.Image = field(repr=False)
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One picture to paint, every default filled in. Sizes in pixels, multiples of the model's latent cell.

    `start` is RGB and `mask` L (white where the picture may change), both `width` × `height`; without a start the
    picture comes from noise alone. `strength` in (0, 1] is the share of the noise schedule a start goes through.
    `guidance_scale` of 1 or less means none. `scheduler` None means the model's own. `adapters` are names of LoRA
    weights with their scales.

    `mixed` are further pictures, `width` × `height` too, whose latents are mixed into the start's; the start has
    what their shares leave. `likeness` are pictures of any size which a model that has eyes (`Layout.has_eyes`)
    shall make one like; their shares add up to 1.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int
    width: int
    height: int
    steps: int
    guidance_scale: float
    scheduler: str | None = None
    strength: float = 1.0
    start: Image.Image | None = field(default=None, repr=False)
    mask: Image.Image | None = field(default=None, repr=False)
    mixed: tuple[Portion, ...] = ()
    likeness: tuple[Portion, ...] = ()
    adapters: tuple[tuple[str, float], ...] = ()


class Painter(Protocol):
    """One loaded or loadable model.

    `sketch` is called from many threads, `load` from one of its own, everything else from the easel's thread.
    """

    name: str
    layout: Layout

    @property
    def loaded(self) -> bool: ...

    @property
    def memory_bytes(self) -> int:
        """What the weights take on the device: measured once loaded, else the catalogue's word."""

    def load(self) -> None:
        """Raises `ModelBroken`."""

    def unload(self) -> None: ...

    def scheduler_name(self, wanted: str | None) -> str:
        """The name that a recipe shows. Raises `BadParameter` for an unknown one."""

    def sketch(self, sketch: Sketch) -> "Lane":
        """A lane at its start. Needs no weights. Raises `BadParameter` or `NotSupported`."""


@runtime_checkable
class StepPainter(Painter, Protocol):
    """A model that is driven step by step. Lanes with equal keys share a forward pass."""

    def prepare(self, lanes: "Sequence[Lane]") -> None:
        """Fill in conditions and first latents: text and pictures of all lanes are encoded together."""

    def predict(self, lanes: "Sequence[Lane]") -> "Sequence[torch.Tensor]":
        """One forward pass for lanes of one batch key; a prediction (1, c, h, w) for each, guidance applied."""

    def decode(self, lanes: "Sequence[Lane]") -> "Sequence[torch.Tensor]":
        """A finished picture (3, height, width) in [0, 1], or in bytes, for each lane of one size."""

    def preview(self, lane: "Lane") -> "torch.Tensor | None":
        """A small picture, uint8 (h, w, 3) on the CPU, one pixel per latent cell; None: there is nothing to see yet."""


@runtime_checkable
class CallPainter(Painter, Protocol):
    """A model that runs from its first step to its last in one call. Lanes with equal, shared keys share the call."""

    def paint(self, lanes: "Sequence[Lane]", on_step: Callable[[int], bool]) -> None:
        """Give each lane its picture. `on_step` is told the steps done, from 1, and answers False to stop early.

        May be called again for the same lanes after an error.
        """
