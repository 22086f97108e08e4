"""The plain diffusers pipeline of a model, as anybody would call it: what measurements compare with."""

import inspect
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import diffusers
import torch
from transformers.utils import logging as transformers_logging

from engine.batching.model_protocols import Model
from engine.batching.sampling_params import SamplingParams
from engine.catalog.model_files import INDEX, read_json
from studio.errors import NotSupportedError


@runtime_checkable
class HasParts(Protocol):
    def stock_parts(self) -> dict[str, Any]:
        """The loaded components and a scheduler, by the names that diffusers gives them."""


def stock_pipeline(model: HasParts, folder: Path) -> Any:
    """diffusers' own pipeline around a model's networks."""
    kind = _pipeline_class(read_json(folder / INDEX)["_class_name"])
    wanted = inspect.signature(kind.__init__).parameters
    parts: dict[str, Any] = {name: part for name, part in model.stock_parts().items() if name in wanted}
    if "safety_checker" in wanted:
        parts |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    # Encoders that a model leaves out.
    parts |= {
        name: None for name in ("text_encoder_3", "tokenizer_3") if name in wanted and name not in parts
    }
    pipeline = kind(**parts)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _pipeline_class(name: str) -> Any:
    """Loaded without remarks about image processors, which want torchvision and are used by nothing here."""
    spoke = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        return getattr(diffusers, name)
    finally:
        transformers_logging.set_verbosity(spoke)


class StockPipeline:
    """Shares the model's weights. Text to image only, in static batches of equal sizes, steps and guidance."""

    def __init__(self, model: Model, folder: Path) -> None:
        if not isinstance(model, HasParts):
            raise NotSupportedError("single_steps", model=model.name)
        self._pipeline = stock_pipeline(model, folder)

    def seconds(self, params_list: Sequence[SamplingParams]) -> float:
        """Paint one static batch; the first parameters count."""
        first = params_list[0]
        started = time.perf_counter()
        with torch.inference_mode():
            self._pipeline(
                prompt=[params.prompt for params in params_list],
                width=first.width,
                height=first.height,
                num_inference_steps=first.steps,
                guidance_scale=first.guidance_scale,
                generator=[torch.Generator().manual_seed(params.seed) for params in params_list],
                output_type="np",
            )
        return time.perf_counter() - started
