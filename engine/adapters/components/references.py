"""Which pictures stand beside a sample's words, and their size."""

import math
from dataclasses import replace

from engine.batching.sampling_params import SamplingParams
from engine.catalog.capabilities import Capabilities
from studio.errors import BadParameterError, NotSupportedError


def settle_references(params: SamplingParams, *, model: str, can: Capabilities) -> SamplingParams:
    """The parameters with the pictures that the model is to see. Raises `NotSupportedError` or `BadParameterError`.

    A model that paints nothing without a reference takes the start for one: from noisy latents alone it does not know
    what the picture shows.
    """
    references = params.references
    if can.needs_reference and not references:
        if params.start is None:
            raise NotSupportedError(model=model, operation="imagine without a picture", instead="edit")
        references = (params.start,)
    if references and not can.takes_references:
        raise NotSupportedError(
            model=model, operation="use pictures as references", instead="imagine, vary and edit"
        )
    if len(references) > can.takes_references:
        pictures = "one picture" if can.takes_references == 1 else f"{can.takes_references} pictures"
        raise BadParameterError("ref", f"the model {model} takes at most {pictures} at once.")
    return replace(params, references=references)


def reference_size(size: tuple[int, int], *, area_pixels: int, multiple: int = 32) -> tuple[int, int]:
    """A picture's ratio at about an area, in multiples of `multiple`; as diffusers' pipelines of Qwen-Image do it."""
    ratio = size[0] / size[1]
    width = math.sqrt(area_pixels * ratio)
    return round(width / multiple) * multiple, round(width / ratio / multiple) * multiple
