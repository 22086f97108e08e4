"""Pictures as tokens beside those of the sample: FLUX.1 Kontext, FLUX.2 and Qwen-Image-Edit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from engine.adapters.components.references import ReferenceCache
from engine.adapters.components.vae import to_pixels
from engine.adapters.flow_matching import FlowMatchingModel
from engine.adapters.flux import pack
from engine.batching.sample import BatchKey, Conditions, Sample
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry

RESIZE = Image.Resampling.LANCZOS


class ReferenceModel(FlowMatchingModel):
    """Samples share a pass when their references have equal sizes; each has tokens of its own."""

    def __init__(self, entry: ModelEntry, folder: Path, **options: Any) -> None:
        super().__init__(entry, folder, **options)
        self._references = ReferenceCache(self._encode_reference)

    def unload(self) -> None:
        super().unload()
        self._references.clear()

    def _reference_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height in pixels at which the model looks at a picture, multiples of the grid."""
        raise NotImplementedError

    def _fit_reference(self, picture: Image.Image) -> Image.Image:
        return picture.convert("RGB").resize(self._reference_size(picture.size), RESIZE)

    def _tokens(self, latents: torch.Tensor) -> torch.Tensor:
        """(1, c, h, w) → (1, tokens, width) as the denoiser takes them."""
        return pack(latents)

    def _encode_reference(self, picture: Image.Image) -> torch.Tensor:
        (found,) = self._autoencoder.encode(to_pixels(self._fit_reference(picture)))
        return self._tokens(self._autoencoder.likeliest(found))[0].to(self._dtype)

    def _key(self, params: SamplingParams) -> BatchKey:
        factor = self.layout.factor
        sizes = [self._reference_size(picture.size) for picture in params.references]
        return replace(
            super()._key(params),
            references=tuple((width // factor, height // factor) for width, height in sizes),
        )

    def _shared_conditions(self, sample: Sample) -> Conditions:
        shared = super()._shared_conditions(sample)
        if not sample.params.references:
            return shared
        tokens = [self._references.find(picture) for picture in sample.params.references]
        return {**shared, "references": torch.cat(tokens)}
