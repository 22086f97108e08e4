"""Any model that diffusers has a pipeline for, run from its first step to its last in one call.

For families that nobody drives step by step here: Kandinsky, PixArt, Sana, Z-Image, Qwen-Image and others. Only
pictures that agree in every parameter but words, seed and start share a call.
"""

import gc
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch

from engine.easel.lane import BatchKey, Lane
from engine.model_catalog import ModelEntry
from engine.model_folders import INDEX, read_json, weight_files
from engine.painters.layout import Layout, read_any_layout
from engine.painters.painter import Sketch
from engine.painters.weights import LOADING, choose_dtype, quiet
from studio.errors import BadParameter, ModelBroken, NotSupported

# What a pipeline may be asked to do: diffusers' finder of the class for it, and the word for people.
_TASKS = {
    "imagine": diffusers.AutoPipelineForText2Image,
    "vary": diffusers.AutoPipelineForImage2Image,
    "edit": diffusers.AutoPipelineForInpainting,
}
_GUIDANCE_NAMES = ("true_cfg_scale", "guidance_scale")


class PipelinePainter:
    """Runs one model through its own pipelines, which share their weights. See `CallPainter`."""

    def __init__(self, entry: ModelEntry, folder: Path, *, device: torch.device) -> None:
        self.name = entry.name
        self.layout: Layout = read_any_layout(folder)
        self._entry = entry
        self._folder = folder
        self._device = device
        self._dtype = choose_dtype(entry.dtype, device)
        self._index = read_json(folder / INDEX)
        self._pipelines: dict[str, Any] = {}
        self._tasks = tuple(task for task in _TASKS if self._class_for(task) is not None)

    # ---- memory

    @property
    def loaded(self) -> bool:
        return bool(self._pipelines)

    @property
    def memory_bytes(self) -> int:
        measured = sum(path.stat().st_size for path in weight_files(self._folder)) if self.loaded else 0
        return measured or int(self._entry.memory_gib * 2**30)

    def load(self) -> None:
        quiet()
        kind = self._class_for("imagine") or diffusers.DiffusionPipeline
        try:
            with LOADING:
                pipeline = kind.from_pretrained(
                    self._folder, dtype=self._dtype, **self._without_checker(kind)
                )
            pipeline.to(self._device)
        except Exception as error:  # whatever a library throws at a damaged folder
            raise ModelBroken(
                f"The model {self.name} cannot be loaded: a part of it is damaged or does not fit. "
                "Check it with: chatelier models check"
            ) from error
        pipeline.set_progress_bar_config(disable=True)
        self._pipelines = {"imagine": pipeline}

    def unload(self) -> None:
        self._pipelines = {}
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    # ---- a lane's beginning

    def scheduler_name(self, wanted: str | None) -> str:
        if wanted is not None:
            raise BadParameter("scheduler", f"the model {self.name} paints with its own only.")
        named = self._index.get("scheduler")
        return str(named[1]) if isinstance(named, list) else "its own"

    def sketch(self, sketch: Sketch) -> Lane:
        self.scheduler_name(sketch.scheduler)
        task = _task(sketch)
        if task not in self._tasks:
            able = ", ".join(self._tasks)
            raise NotSupported(model=self.name, operation=task, instead=able)
        return Lane(
            painter=self,
            sketch=sketch,
            key=BatchKey(
                model=self.name,
                width=sketch.width // self.layout.factor,
                height=sketch.height // self.layout.factor,
                conditioning=repr((task, sketch.steps, sketch.guidance_scale, sketch.strength)),
            ),
            scheduler=None,
            generator=torch.Generator(),
            timesteps=torch.arange(sketch.steps),
            guided=sketch.guidance_scale > 1,
        )

    # ---- painting

    def paint(self, lanes: Sequence[Lane], on_step: Callable[[int], bool]) -> None:
        pipeline = self._pipeline(_task(lanes[0].sketch))
        options = self._options(pipeline, [lane.sketch for lane in lanes])
        stopped = False

        def after_step(running: Any, step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            nonlocal stopped
            # A first-order scheduler makes one step a timestep; others tell more steps than were asked for.
            if not stopped and not on_step(step + 1):
                stopped = True
                running._interrupt = True
            return values

        if "callback_on_step_end" in inspect.signature(pipeline.__call__).parameters:
            options["callback_on_step_end"] = after_step
        pictures = pipeline(**options).images
        if stopped:
            return
        for lane, picture in zip(lanes, np.asarray(pictures, np.float32), strict=True):
            lane.position = lane.steps
            lane.picture = torch.from_numpy(picture).permute(2, 0, 1)

    def _options(self, pipeline: Any, sketches: Sequence[Sketch]) -> dict[str, Any]:
        """What this pipeline's call understands of what we would tell it."""
        first = sketches[0]
        known = inspect.signature(pipeline.__call__).parameters
        guidance = next((name for name in _GUIDANCE_NAMES if name in known), "guidance_scale")
        told: dict[str, Any] = {
            "prompt": [sketch.prompt for sketch in sketches],
            "negative_prompt": [sketch.negative_prompt for sketch in sketches],
            "width": first.width,
            "height": first.height,
            "num_inference_steps": first.steps,
            guidance: first.guidance_scale,
            "generator": [torch.Generator().manual_seed(sketch.seed) for sketch in sketches],
            "output_type": "np",
        }
        if first.start is not None:
            told |= {"image": [sketch.start for sketch in sketches], "strength": first.strength}
        if first.mask is not None:
            told["mask_image"] = [sketch.mask for sketch in sketches]
        if not any(told["negative_prompt"]):
            del told["negative_prompt"]
        return {name: value for name, value in told.items() if name in known}

    def _pipeline(self, task: str) -> Any:
        if task not in self._pipelines:
            kind = self._class_for(task)
            # Without a dtype the shared weights would be turned into float32.
            pipeline = kind.from_pipe(self._pipelines["imagine"], dtype=self._dtype)
            pipeline.set_progress_bar_config(disable=True)
            self._pipelines[task] = pipeline
        return self._pipelines[task]

    def _class_for(self, task: str) -> Any:
        """The pipeline class of this model for a task; its own class at least imagines; None when there is none."""
        own = str(self._index.get("_class_name", ""))
        mapping = _auto_mapping(_TASKS[task])
        if task == "imagine" and own not in {kind.__name__ for kind in mapping.values()}:
            return getattr(diffusers, own, None)
        for task_class in _TASKS.values():
            for name, kind in _auto_mapping(task_class).items():
                if kind.__name__ == own:
                    return mapping.get(name)
        return None

    def _without_checker(self, kind: Any) -> dict[str, Any]:
        """The moderation wing looks at pictures, not the model's own checker."""
        if "safety_checker" not in inspect.signature(kind.__init__).parameters:
            return {}
        return {"safety_checker": None, "requires_safety_checker": False}


def _task(sketch: Sketch) -> str:
    if sketch.mask is not None:
        return "edit"
    return "imagine" if sketch.start is None else "vary"


def _auto_mapping(kind: Any) -> dict[str, Any]:
    """Model name → pipeline class, as diffusers' automatic pipelines know them."""
    from diffusers.pipelines import auto_pipeline

    names = {
        "AutoPipelineForText2Image": "AUTO_TEXT2IMAGE_PIPELINES_MAPPING",
        "AutoPipelineForImage2Image": "AUTO_IMAGE2IMAGE_PIPELINES_MAPPING",
        "AutoPipelineForInpainting": "AUTO_INPAINT_PIPELINES_MAPPING",
    }
    return dict(getattr(auto_pipeline, names[kind.__name__]))
