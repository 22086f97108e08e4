"""The painters by family. A new one costs a file and a line here."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.model_catalog import ModelEntry
from studio.errors import ModelBroken

if TYPE_CHECKING:
    import torch

    from engine.painters.painter import Painter

FAMILIES: Mapping[str, str] = {
    "sd": "engine.painters.sd:StableDiffusionPainter",
    "sdxl": "engine.painters.sdxl:StableDiffusionXLPainter",
    "flux": "engine.painters.flux:FluxPainter",
    "sd3": "engine.painters.sd3:StableDiffusion3Painter",
    "pipeline": "engine.painters.embedded:pipeline_painter",
}


def new_painter(entry: ModelEntry, folder: Path, *, device: "torch.device", **options: Any) -> "Painter":
    """The painter of a model, its weights not loaded yet. Raises `ModelBroken`.

    `options` are the family's own, such as where its networks come from.
    """
    place = FAMILIES.get(entry.family)
    if place is None:
        raise ModelBroken(
            f"The model {entry.name} is of the family {entry.family[:40]}, which nobody here can paint with. "
            f"Known are {', '.join(FAMILIES)}."
        )
    module, _, name = place.partition(":")
    painter: Painter = getattr(importlib.import_module(module), name)(entry, folder, device=device, **options)
    return painter
