"""Which pipeline class of diffusers does what for a model that runs in whole calls."""

import inspect
from collections.abc import Mapping
from typing import Any

import diffusers
from diffusers.pipelines import auto_pipeline

# What a pipeline may be asked to do, and diffusers' table of the classes that do it.
_TABLES = {
    "imagine": auto_pipeline.AUTO_TEXT2IMAGE_PIPELINES_MAPPING,
    "vary": auto_pipeline.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING,
    "edit": auto_pipeline.AUTO_INPAINT_PIPELINES_MAPPING,
}
# Change a picture as the words say, without a region.
INSTRUCT = "instruct"
TASKS = (*_TABLES, INSTRUCT)
# Classes that do one thing only, which the tables do not say.
_ONLY: Mapping[str, str] = {
    "FluxFillPipeline": "edit",
    "LongCatImageEditPipeline": INSTRUCT,
    "StableDiffusionInstructPix2PixPipeline": INSTRUCT,
    "StableDiffusionXLInstructPix2PixPipeline": INSTRUCT,
}
_GUIDANCE_NAMES = ("guidance_scale", "decoder_guidance_scale")
_STEPS_NAMES = ("num_inference_steps", "decoder_num_inference_steps")


def find_class(own: str, task: str) -> Any:
    """The class of a model's family for a task; its own class at least imagines; None where there is none."""
    if own in _ONLY:
        return getattr(diffusers, own) if task == _ONLY[own] else None
    if task not in _TABLES:
        return None
    table = _TABLES[task]
    if task == "imagine" and own not in {kind.__name__ for kind in table.values()}:
        return getattr(diffusers, own, None)
    for others in _TABLES.values():
        for name, kind in others.items():
            if kind.__name__ == own:
                return table.get(name)
    return None


def guidance_name(pipeline: Any) -> str:
    """The parameter that a person's guidance goes to.

    True guidance, with a second pass, only where it is the pipeline's usual one: beside guidance that is distilled into
    a model, as in FLUX.1, it is off by default and would double every step.
    """
    known = inspect.signature(pipeline.__call__).parameters
    true = known.get("true_cfg_scale")
    if true is not None and true.default is not None and true.default > 1:
        return "true_cfg_scale"
    return next((name for name in _GUIDANCE_NAMES if name in known), "guidance_scale")


def steps_name(pipeline: Any) -> str:
    known = inspect.signature(pipeline.__call__).parameters
    return next((name for name in _STEPS_NAMES if name in known), "num_inference_steps")
