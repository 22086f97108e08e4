"""Which pictures stand beside a sample's words, their size, and their tokens."""

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import torch
from PIL import Image

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
            raise NotSupportedError("needs_picture", model=model)
        references = (params.start,)
    if references and not can.takes_references:
        raise NotSupportedError("references", model=model, able=("imagine", "vary", "edit"))
    if len(references) > can.takes_references:
        raise BadParameterError("ref", "too_many_references", model=model, count=can.takes_references)
    return replace(params, references=references)


def reference_size(size: tuple[int, int], *, area_pixels: int, multiple: int = 32) -> tuple[int, int]:
    """A picture's ratio at about an area, in multiples of `multiple`; as diffusers' pipelines of Qwen-Image do it."""
    ratio = size[0] / size[1]
    width = math.sqrt(area_pixels * ratio)
    return round(width / multiple) * multiple, round(width / ratio / multiple) * multiple


def picture_key(picture: Image.Image) -> tuple[object, ...]:
    """Equal for equal pictures: those of a job are cut out of its source one by one."""
    digest = hashlib.blake2b(picture.tobytes(), digest_size=16).digest()
    return picture.mode, picture.size, digest


class ReferenceCache:
    """Tokens of the pictures that were used last: the pictures of a job share their references. For one thread."""

    def __init__(self, encode: Callable[[Image.Image], torch.Tensor], *, most: int = 8) -> None:
        self._encode = encode
        self._most = most
        self._known: OrderedDict[tuple[object, ...], torch.Tensor] = OrderedDict()

    def find(self, picture: Image.Image) -> torch.Tensor:
        """(tokens, width) on the device."""
        key = picture_key(picture)
        if key not in self._known:
            self._known[key] = self._encode(picture)
        self._known.move_to_end(key)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return self._known[key]

    def clear(self) -> None:
        self._known.clear()
