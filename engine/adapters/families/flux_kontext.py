"""FLUX.1 Kontext: Flux with a picture as tokens beside its own. Its guidance is distilled into it, as in dev."""

import torch
from diffusers.pipelines.flux.pipeline_flux_kontext import PREFERRED_KONTEXT_RESOLUTIONS

from engine.adapters.components.vae import CertainAutoencoder
from engine.adapters.families.reference_tokens import ReferenceModel
from engine.adapters.flux import FluxModel, patch_ids
from engine.batching.sample import BatchKey


class FluxKontextModel(ReferenceModel, FluxModel):
    autoencoder = CertainAutoencoder

    def _reference_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Of the sizes that the model was trained with the one whose ratio comes nearest."""
        ratio, grid = size[0] / size[1], self.layout.grid
        _, width, height = min(
            (abs(ratio - width / height), width, height) for width, height in PREFERRED_KONTEXT_RESOLUTIONS
        )
        return width // grid * grid, height // grid * grid

    def _ids(self, key: BatchKey) -> torch.Tensor:
        """References have a 1 in front, the sample's own patches a 0."""
        seen = [
            patch_ids(height // 2, width // 2, self._device, self._dtype, picture=1)
            for width, height in key.references
        ]
        return torch.cat([super()._ids(key), *seen])
