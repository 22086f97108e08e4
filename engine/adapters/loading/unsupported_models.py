"""Folders with which nothing can be painted here, and why: said when a model is added, not when somebody uses it."""

import importlib.util
import inspect
from pathlib import Path
from typing import Any

import diffusers

from engine.adapters.loading.model_parts import TORCHVISION_PROCESSORS
from engine.catalog.checkpoint_detection import AUTO, WHOLE_CALLS, family_of
from engine.catalog.model_files import INDEX, UNUSED, components, pipeline_class, read_json
from studio.errors import ModelLoadError

_CONTROLS = ("ControlNet", "FluxControl", "T2IAdapter", "StableDiffusionAdapter")


def check_runnable(folder: Path, *, family: str) -> None:
    """Raises `ModelLoadError` with the reason."""
    _refuse_lone_part(folder)
    if family == AUTO:
        family = family_of(folder)
    own = pipeline_class(folder)
    if any(mark in own for mark in _CONTROLS):
        raise ModelLoadError(
            f"{folder.name} ({own}) paints along a control picture. Add the model that its ControlNet belongs to."
        )
    if read_json(folder / INDEX).get("requires_aesthetics_score"):
        raise ModelLoadError(
            f"{folder.name} is the refiner of SDXL, which only finishes what the base model began. Add the base model."
        )
    if family != WHOLE_CALLS:
        return
    kind = getattr(diffusers, own, None)
    if kind is None:
        raise ModelLoadError(
            f"{folder.name} needs the pipeline {own[:60]}, which diffusers {diffusers.__version__} does not have."
        )
    _refuse_absent_parts(folder, kind)
    _refuse_without_torchvision(folder)


def _refuse_lone_part(folder: Path) -> None:
    """A network by itself has a configuration and no index."""
    config = folder / "config.json"
    if (folder / INDEX).is_file() or not config.is_file():
        return
    own = str(read_json(config).get("_class_name", "a part of a model"))[:60]
    if "ControlNet" in own:
        raise ModelLoadError(
            f"{folder.name} is a ControlNet alone ({own}), which stands beside a model. Add the model itself."
        )
    raise ModelLoadError(f"{folder.name} is {own} alone. Add the folder of the whole model, with a {INDEX}.")


def _refuse_absent_parts(folder: Path, kind: Any) -> None:
    wanted = {
        name
        for name, parameter in inspect.signature(kind.__init__).parameters.items()
        if name != "self" and parameter.default is inspect.Parameter.empty
    }
    absent = sorted(wanted - set(components(folder)) - set(kind._optional_components) - UNUSED)
    if absent:
        raise ModelLoadError(
            f"{folder.name} lacks {', '.join(absent)}, which its model card says where to fetch. "
            f"Put them into the folder, and their classes into its {INDEX}."
        )


def _refuse_without_torchvision(folder: Path) -> None:
    """Models that are driven step by step do without it."""
    needing = [name for name, (_, kind) in components(folder).items() if kind in TORCHVISION_PROCESSORS]
    if needing and importlib.util.find_spec("torchvision") is None:
        raise ModelLoadError(
            f"{folder.name} needs the package torchvision for its {needing[0]}: pip install torchvision."
        )
