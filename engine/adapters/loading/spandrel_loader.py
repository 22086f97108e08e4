"""Upscaling models in any layout that spandrel knows, loaded without torchvision and without their code."""

import importlib
import importlib.util
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import load_file

from studio.errors import ModelLoadError

BUNDLED_FOLDER = Path(__file__).parents[2] / "models" / "upscalers"
BUNDLED_NAME = "realesr-animevideov3-x4"
SUFFIXES = (".safetensors", ".pth")
TORCHVISION_PARTS = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")

_importing = threading.Lock()


def import_spandrel() -> ModuleType:
    """spandrel, also where torchvision is absent.

    It imports three names of torchvision for two layouts that are no upscalers (LaMa and RestoreFormer). A
    stand-in takes their place during that import only, so that no other module mistakes it for the real one;
    the two layouts then fail when they are used.
    """
    with _importing:
        if "spandrel" in sys.modules or importlib.util.find_spec("torchvision"):
            return importlib.import_module("spandrel")
        sys.modules.update(_device_worker_in())
        try:
            return importlib.import_module("spandrel")
        finally:
            for name in TORCHVISION_PARTS:
                sys.modules.pop(name, None)


def _device_worker_in() -> dict[str, ModuleType]:
    modules = {name: ModuleType(name) for name in TORCHVISION_PARTS}
    functional = modules[TORCHVISION_PARTS[-1]]
    for name in ("InterpolationMode", "normalize", "rotate"):
        setattr(functional, name, _Absent())
    return modules


class _Absent:
    def __getattr__(self, name: str) -> "_Absent":
        return self

    def __call__(self, *_: object, **__: object) -> None:
        raise ModelLoadError(
            "This model layout needs torchvision, which is not installed. Choose another upscaler."
        )


def find_weights(name: str, folders: tuple[Path, ...] = ()) -> Path:
    """A path as it is, else a file of that name in `folders` or of the bundled ones. Raises `ModelLoadError`."""
    if Path(name).suffix in SUFFIXES and Path(name).is_file():
        return Path(name)
    shelves = (*folders, BUNDLED_FOLDER)
    for folder in shelves:
        for suffix in ("", *SUFFIXES):
            path = folder / f"{name}{suffix}"
            if path.suffix in SUFFIXES and path.is_file():
                return path
    known = sorted({path.stem for folder in shelves for path in folder.glob("*") if path.suffix in SUFFIXES})
    raise ModelLoadError(
        f"There is no upscaler named {Path(name).name}. There is: {', '.join(known) or 'none'}."
    )


def load_upscaler(path: Path) -> Any:
    """spandrel's `ImageModelDescriptor` on the CPU, in evaluation mode. Raises `ModelLoadError`.

    Files in the old pickle format are read as bare weights only: nothing in them is executed.
    """
    spandrel = import_spandrel()
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
        model = spandrel.ModelLoader().load_from_state_dict(spandrel.canonicalize_state_dict(state))
    except spandrel.UnsupportedModelError as error:
        raise ModelLoadError(
            f"{path.name} has a layout that is not known. Choose another upscaler."
        ) from error
    except ModelLoadError:
        raise
    except Exception as error:  # a damaged file fails in as many ways as there are layouts
        raise ModelLoadError(f"The upscaler {path.name} is damaged. Please copy it again.") from error
    colours = getattr(model, "input_channels", 0), getattr(model, "output_channels", 0)
    if not isinstance(model, spandrel.ImageModelDescriptor) or colours != (3, 3):
        raise ModelLoadError(
            f"{path.name} does not turn colour pictures into colour pictures. Choose another upscaler."
        )
    return model.eval()
