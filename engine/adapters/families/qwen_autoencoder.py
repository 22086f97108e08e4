"""Qwen-Image's first stage, which was made for films: a picture is a film of one frame."""

import torch

from engine.adapters.components.vae import Autoencoder


class QwenAutoencoder(Autoencoder):
    @property
    def _factor(self) -> int:
        return int(2 ** len(self._vae.temperal_downsample))

    def _encode(self, pixels: torch.Tensor) -> torch.Tensor:
        parameters: torch.Tensor = self._vae.encode(pixels[:, :, None]).latent_dist.parameters
        return parameters[:, :, 0]

    def _decode(self, latents: torch.Tensor) -> torch.Tensor:
        pixels: torch.Tensor = self._vae.decode(latents[:, :, None], return_dict=False)[0]
        return pixels[:, :, 0]
