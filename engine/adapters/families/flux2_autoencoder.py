"""FLUX.2's first stage: its latents are patches of two by two cells, normalised by a batch norm."""

from typing import Any

import torch

from engine.adapters.components.vae import CertainAutoencoder


class Flux2Autoencoder(CertainAutoencoder):
    def __init__(self, vae: Any, *, device: torch.device) -> None:
        super().__init__(vae, device=device)
        variance = vae.bn.running_var.float() + vae.config.batch_norm_eps
        self._mean: torch.Tensor = vae.bn.running_mean.to(device, torch.float32).view(1, -1, 1, 1)
        self._deviation: torch.Tensor = variance.to(device).sqrt().view(1, -1, 1, 1)

    @property
    def _factor(self) -> int:
        return 2 * super()._factor

    def _normalise(self, latents: torch.Tensor) -> torch.Tensor:
        patches: torch.Tensor = torch.nn.functional.pixel_unshuffle(latents, 2)
        return (patches - self._mean) / self._deviation

    def _denormalise(self, latents: torch.Tensor) -> torch.Tensor:
        cells: torch.Tensor = torch.nn.functional.pixel_shuffle(latents * self._deviation + self._mean, 2)
        return cells
