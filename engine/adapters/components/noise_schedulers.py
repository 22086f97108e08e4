"""Schedulers by name. Each sample owns one: multi-step schedulers remember, and none may be shared."""

import copy
import inspect
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import diffusers

from engine.adapters.acceleration.unipc import UniPCMultistepScheduler
from engine.catalog.model_files import read_json
from studio.errors import BadParameterError

_ODE = {"algorithm_type": "dpmsolver++"}
_SDE = {"algorithm_type": "sde-dpmsolver++"}
# Name → diffusers class and what is set on top of the model's own configuration.
BY_NAME: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "pndm": ("PNDMScheduler", {"skip_prk_steps": True}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler a": ("EulerAncestralDiscreteScheduler", {}),
    "dpm++ 2m": ("DPMSolverMultistepScheduler", {**_ODE, "use_karras_sigmas": False}),
    "dpm++ 2m karras": ("DPMSolverMultistepScheduler", {**_ODE, "use_karras_sigmas": True}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {"use_karras_sigmas": False}),
    "deis": ("DEISMultistepScheduler", {"algorithm_type": "deis", "use_karras_sigmas": False}),
    "tcd": ("TCDScheduler", {}),
    "dpm++ 2m sde": ("DPMSolverMultistepScheduler", {**_SDE, "use_karras_sigmas": False}),
    "dpm++ 2m sde karras": ("DPMSolverMultistepScheduler", {**_SDE, "use_karras_sigmas": True}),
}
FLOW_BY_NAME: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "flow euler": ("FlowMatchEulerDiscreteScheduler", {}),
}


def _class_of(name: str) -> Any:
    """The class that a configuration names: diffusers' own, or the one here that does the same without waits."""
    return UniPCMultistepScheduler if name == "UniPCMultistepScheduler" else getattr(diffusers, name)


class Schedulers:
    """The schedulers that a model can be painted with. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "scheduler"
        config = read_json(self._folder / "scheduler_config.json")
        self._own = str(config.get("_class_name", "PNDMScheduler"))
        self._known = FLOW_BY_NAME if self._own.startswith("FlowMatch") else BY_NAME
        self._templates: dict[str | None, Any] = {}
        self._lock = Lock()

    def name(self, wanted: str | None) -> str:
        """`wanted` if it is known, else `BadParameterError`; for None the name of the model's own scheduler."""
        if wanted is not None:
            if wanted not in self._known:
                raise BadParameterError("scheduler", "not_a_choice", choices=tuple(self._known))
            return wanted
        own = self.new(None)
        for name, (kind, options) in self._known.items():
            if type(own).__name__ == kind and all(
                own.config.get(key) == value for key, value in options.items()
            ):
                return name
        return self._own

    def new(self, wanted: str | None) -> Any:
        """A scheduler of one's own, without timesteps yet."""
        if wanted is not None:
            self.name(wanted)
        with self._lock:
            if wanted not in self._templates:
                self._templates[wanted] = self._template(wanted)
            return copy.deepcopy(self._templates[wanted])

    def _template(self, wanted: str | None) -> Any:
        own = _class_of(self._own).from_pretrained(self._folder)
        if wanted is None:
            return own
        name, options = self._known[wanted]
        kind = _class_of(name)
        if "clip_sample" in inspect.signature(kind.__init__).parameters:
            # Some classes clip by default, which suits pixels; latents exceed that range.
            options = {"clip_sample": own.config.get("clip_sample", False), **options}
        return kind.from_config(own.config, **options)
