"""A prior: something in a model's folder that lays a picture out before the denoiser paints over it."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from engine.catalog.model_files import read_json
from studio.errors import ModelLoadError

KINDS: Mapping[str, str] = {"collage": "engine.layout_prior:CollageComposer"}


class Composer(Protocol):
    """Pictures are RGB of the size asked for. The same words and seed give the same picture."""

    def compose(self, prompt: str, *, seed: int, width: int, height: int) -> Image.Image: ...

    def place(self, prompt: str, *, seed: int, canvas: Image.Image, mask: Image.Image) -> Image.Image:
        """The canvas with what the words name put where the mask is white."""

    def retouch(self, prompt: str, picture: Image.Image) -> Image.Image:
        """The painted picture with what the style that the words name needs after painting."""

    def remark(self, prompt: str, *, model: str) -> str:
        """What a person should hear of how their words were read, as a stored coded text; empty where all is well."""


class SceneMixer(Protocol):
    """A composer that also sees: for pictures that come without words."""

    def resemble(
        self,
        pictures: Sequence[tuple[Image.Image, float]],
        *,
        seed: int,
        width: int,
        height: int,
        freedom: float = 0.6,
    ) -> Image.Image:
        """A new picture of what the given ones show, each by its share; the shares add up to 1.

        `freedom` 0 stays as near as it can; towards 1 places move, and drawings change.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutPrior:
    """What a model that paints over compositions does well: how much of a picture it may paint anew.

    `strength` is for composed pictures, `edit_strength` for holes and new parts, `subtle_strength` and
    `strong_strength` for variations, `blend_strength` for pictures laid over each other. `mixer` is
    there where the prior can see what pictures show. `steps` and `guidance_scale` stand in for the catalogue's.
    `rim_cells` more on each side are painted and cut off again; see `with_overscan` in
    `engine.generation.generation_inputs`.
    """

    composer: Composer
    mixer: SceneMixer | None = None
    strength: float
    edit_strength: float
    subtle_strength: float
    strong_strength: float
    blend_strength: float = 0.5
    rim_cells: int = 0
    steps: int | None = None
    guidance_scale: float | None = None


def load_prior(folder: Path) -> LayoutPrior | None:
    """The prior of a model folder, None when it has none. Raises `ModelLoadError`."""
    path = folder / "prior" / "prior.json"
    if not path.exists():
        return None
    config = read_json(path)
    place = KINDS.get(str(config.get("kind")))
    if place is None:
        raise ModelLoadError(f"The model folder {folder.name} has a prior of an unknown kind.")
    module, _, name = place.partition(":")
    composer: Any = getattr(importlib.import_module(module), name).load(path.parent)
    strength = _share(config, "strength", 0.7)
    return LayoutPrior(
        composer=composer,
        mixer=composer if getattr(composer, "sees", False) else None,
        strength=strength,
        edit_strength=_share(config, "edit_strength", strength),
        subtle_strength=_share(config, "subtle_strength", strength),
        strong_strength=_share(config, "strong_strength", 1.25 * strength),
        blend_strength=_share(config, "blend_strength", 0.5),
        rim_cells=int(config.get("rim_cells", 1)),
        steps=int(config["steps"]) if "steps" in config else None,
        guidance_scale=float(config["guidance_scale"]) if "guidance_scale" in config else None,
    )


def _share(config: Mapping[str, Any], name: str, default: float) -> float:
    return min(1.0, max(0.01, float(config.get(name, default))))
