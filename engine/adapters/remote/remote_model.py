"""A model on a server: what it can do, and the samples that stand for its calls."""

from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from engine.adapters.remote.images_client import images_of
from engine.batching.sample import BatchKey, Sample
from engine.batching.sampling_params import SamplingParams
from engine.catalog.capabilities import Capabilities
from engine.catalog.entries import ModelEntry
from engine.catalog.geometry import Layout
from engine.imaging.codecs.encoding import decode
from engine.imaging.codecs.sanitizer_process import UploadSanitizer
from engine.imaging.codecs.upload_sanitizer import WORK_SIDE_PIXELS
from studio.errors import BadImageError, BadParameterError, GenerationError, NotSupportedError

_GRID_PIXELS = 16
# Servers round sizes to what their model can do: that much is resized, more is another picture than was asked for.
_ROUNDING = 0.05


class RemoteModel:
    """Implements `ModelHandle`; there is nothing to load."""

    def __init__(self, entry: ModelEntry, can: Capabilities) -> None:
        self.name = entry.name
        self.layout = Layout(
            factor=8,
            grid=_GRID_PIXELS,
            multiple=64,
            latent_channels=4,
            input_channels=4,
            sample_pixels=max(entry.width, entry.height),
            refines_windows=False,
            can=can,
        )

    @property
    def loaded(self) -> bool:
        return True

    @property
    def memory_bytes(self) -> int:
        return 0

    def load(self) -> None:
        pass

    def unload(self) -> None:
        pass

    def scheduler_name(self, wanted: str | None) -> str:
        if wanted is not None:
            raise BadParameterError("scheduler", "own_scheduler", model=self.name)
        return "its own"

    def new_sample(self, params: SamplingParams) -> Sample:
        """One call. Raises `BadParameterError` or `NotSupportedError`."""
        self.scheduler_name(params.scheduler)
        self._check(params)
        return Sample(
            model=self,
            params=replace(params, prompt=params.prompt.strip()),
            key=BatchKey(
                model=self.name,
                width=params.width // self.layout.factor,
                height=params.height // self.layout.factor,
                shared=False,
            ),
            scheduler=None,
            generator=torch.Generator(),
            timesteps=torch.arange(1),
            guided=False,
        )

    def _check(self, params: SamplingParams) -> None:
        can = self.layout.can
        able = ("imagine", "vary", "edit", "expand") if can.edits_by_words else ("imagine",)
        if params.adapters:
            raise NotSupportedError("loras", model=self.name, able=able)
        images = images_of(params)
        if images and not can.edits_by_words:
            operation = "edit" if params.mask is not None else "vary"
            raise NotSupportedError("operation", model=self.name, operation=operation, able=able)
        if len(images) > 1 and len(images) > can.takes_references:
            raise BadParameterError("ref", "too_many_references", model=self.name, count=can.takes_references)
        if max(params.width, params.height) > WORK_SIDE_PIXELS:
            raise BadParameterError("width", "too_large_for_model", model=self.name, most=WORK_SIDE_PIXELS)


def take_picture(data: bytes, params: SamplingParams, sanitizer: UploadSanitizer) -> torch.Tensor:
    """What a server sent → uint8 (3, height, width), opened where uploads are. Raises `GenerationError`."""
    try:
        picture = decode(sanitizer.clean(data).png)
    except BadImageError as error:
        raise GenerationError(reason="remote_no_image") from error
    wanted = params.width, params.height
    if picture.size != wanted:
        if any(abs(got - want) > _ROUNDING * want for got, want in zip(picture.size, wanted, strict=True)):
            raise GenerationError(
                reason="remote_other_size",
                got=f"{picture.width}×{picture.height}",
                wanted=f"{params.width}×{params.height}",
            )
        picture = picture.resize(wanted, Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)
