"""What a request may name."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnableModel:
    """A model whose weights some worker has, and the names of its LoRAs. `note` is what people should know of it,
    as a stored coded text.

    `edits_by_words`: it changes a picture as an instruction says, without a region. `takes_references` pictures at
    most can stand beside the words, each by a weight where it `weighs_references`; where it `needs_reference` it paints
    nothing without a picture. `fixed_pixels`: so many it makes of
    every size; 0 means any size. `width`, `height` (pixels) and `steps` are those that it was made for; 0: not told. It
    follows pictures in their `structures`: pose, depth, edges. `drafts`: it can paint smaller or in fewer steps. It
    costs `price` times as much as usual.
    """

    name: str
    loras: tuple[str, ...] = ()
    note: str = ""
    edits_by_words: bool = False
    takes_references: int = 0
    needs_reference: bool = False
    weighs_references: bool = False
    fixed_pixels: int = 0
    width: int = 0
    height: int = 0
    steps: int = 0
    structures: tuple[str, ...] = ()
    drafts: bool = True
    price: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedWorker:
    """A worker that told lately that it is alive, the kinds of its devices, such as ``NVIDIA H200``, and its models."""

    name: str
    devices: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


class GenerationOptions(Protocol):
    """The names that people may give in a request."""

    def models(self) -> tuple[RunnableModel, ...]:
        """Those that this installation can run, the default one first."""

    def default_price(self) -> float:
        """The `price` of the model that paints where none is named, also while no worker has it."""

    def styles(self) -> tuple[str, ...]:
        """In lower case."""

    def workers(self) -> tuple[AnnouncedWorker, ...]:
        """Those that are alive. Asks Redis; none while that is away."""
