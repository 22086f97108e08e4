"""How a pipeline class is called when nobody says it: its size, steps and guidance. Loads no weights."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
from diffusers.configuration_utils import FrozenDict

from engine.adapters.loading.pipeline_classes import guidance_name, steps_name
from engine.catalog.model_files import DENOISERS, components, pipeline_class, read_json
from studio.errors import ModelLoadError

# Their signature has one size, although their denoisers are of several.
_SIZED_BY_DENOISER = frozenset({"SanaPipeline", "SanaPAGPipeline", "SanaSprintPipeline"})
# Their default size counts pixels, not cells of latents.
_SIZED_IN_PIXELS = frozenset({"PRXPipeline"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineDefaults:
    """`pixels` are a square's side. None: the class does not say it."""

    pixels: int | None = None
    steps: int | None = None
    guidance_scale: float | None = None


def pipeline_defaults(folder: Path) -> PipelineDefaults:
    """Those of the class that the index of a folder names, configured as the folder is."""
    kind = getattr(diffusers, pipeline_class(folder), None)
    if kind is None:
        return PipelineDefaults()
    known = inspect.signature(kind.__call__).parameters
    steps, guidance = (
        known[name].default if name in known else None for name in (steps_name(kind), guidance_name(kind))
    )
    return PipelineDefaults(
        pixels=_pixels(kind, folder),
        steps=steps if isinstance(steps, int) else None,
        guidance_scale=float(guidance) if isinstance(guidance, (int, float)) else None,
    )


def _pixels(kind: Any, folder: Path) -> int | None:
    known = inspect.signature(kind.__call__).parameters
    sides: list[Any] = [known[name].default for name in ("width", "height") if name in known]
    if sides and all(isinstance(side, int) for side in sides) and kind.__name__ not in _SIZED_BY_DENOISER:
        return int(max(sides))
    pipeline = _make_without_networks(kind, folder)
    cells, factor = (getattr(pipeline, name, None) for name in ("default_sample_size", "vae_scale_factor"))
    if kind.__name__ in _SIZED_IN_PIXELS:
        return cells if isinstance(cells, int) else None
    if not isinstance(cells, int):
        cells = _denoiser_cells(folder)
    return cells * factor if isinstance(cells, int) and isinstance(factor, int) else None


def _denoiser_cells(folder: Path) -> object:
    for name in sorted(DENOISERS & set(components(folder))):
        size = _configuration(folder, name).get("sample_size")
        return max(size) if isinstance(size, list) and size else size
    return None


class _Part:
    """A network's configuration, in the network's place. Whatever else a constructor asks for is a part without one."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = FrozenDict(config)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # by which libraries tell wrapped networks
            raise AttributeError(name)
        return self.config[name] if name in self.config else _Part({})


def _make_without_networks(kind: Any, folder: Path) -> Any:
    """The pipeline without networks; None where its constructor needs more than their configurations."""
    wanted = inspect.signature(kind.__init__).parameters
    parts = {name: _Part(_configuration(folder, name)) for name in components(folder) if name in wanted}
    absent = {
        name: None
        for name, parameter in wanted.items()
        if name not in {"self", *parts} and parameter.default is inspect.Parameter.empty
    }
    try:
        return kind(**parts, **absent)
    except (ArithmeticError, AttributeError, ImportError, LookupError, OSError, TypeError, ValueError):
        return None


def _configuration(folder: Path, name: str) -> dict[str, Any]:
    try:
        return read_json(folder / name / "config.json")
    except ModelLoadError:
        return {}
