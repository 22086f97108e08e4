"""From pixels to latents and back: for an AutoencoderKL, and what other first stages have in common with it."""

from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from PIL import Image

from engine.adapters.acceleration.vae_memory import PictureBatches
from engine.batching.device.device_profile import DeviceProfile

# A CPU's caches hold the layers of one picture, not of several: four together take twice as long as one by one.
_PICTURES_AT_ONCE = {"cpu": 1}
_MOST_PICTURES_AT_ONCE = 4
_FIT_PICTURES = 24
_FIT_CELLS = 8


def to_pixels(picture: Image.Image) -> torch.Tensor:
    """RGB → (1, 3, height, width) in [-1, 1]."""
    pixels = torch.from_numpy(np.array(picture.convert("RGB"), dtype=np.float32) / 255)
    return pixels.permute(2, 0, 1)[None] * 2 - 1


def to_hole(mask: Image.Image) -> torch.Tensor:
    """L → (1, 1, height, width) in [0, 1]; 1 where the picture may change, between where it may from later on."""
    return torch.from_numpy(np.array(mask.convert("L"), dtype=np.float32) / 255)[None, None]


class Autoencoder:
    """A loaded first stage. Latents are scaled as the denoiser wants them, and float32."""

    def __init__(self, vae: Any, *, device: torch.device) -> None:
        self._vae = vae
        self._device = device
        self._scale, self._shift = _scale_and_shift(vae.config, device)
        # Some first stages overflow in half precision and say so.
        if getattr(vae.config, "force_upcast", False) and vae.dtype is torch.float16:
            vae.to(torch.float32)
        at_once = _PICTURES_AT_ONCE.get(device.type, _MOST_PICTURES_AT_ONCE)
        self._batches = PictureBatches(vae, at_once=at_once, device=device)
        self._to_colour: torch.Tensor | None = None

    def remember_in(self, profile: DeviceProfile, *, model: str) -> None:
        """What is learned of the device's memory from now on is kept there."""
        self._batches.remember_in(profile, model=model)

    def encode(self, pixels: torch.Tensor) -> list[DiagonalGaussianDistribution]:
        """(n, 3, height, width) in [-1, 1] → for each picture what `sample` draws latents from."""
        parameters = self._batches.run(
            "encode", pixels, lambda batch: self._encode(batch.to(self._device, self._vae.dtype)).float()
        )
        return [DiagonalGaussianDistribution(row) for row in torch.split(parameters, 1)]

    def sample(self, found: DiagonalGaussianDistribution, generator: torch.Generator) -> torch.Tensor:
        """Latents (1, c, h, w), drawn with the sample's own generator."""
        return self._normalise(found.sample(generator=generator))

    def likeliest(self, found: DiagonalGaussianDistribution) -> torch.Tensor:
        """Latents (1, c, h, w) without chance: of a picture that is only looked at."""
        return self._normalise(found.mode())

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) → (n, 3, height, width) in [0, 1], float32."""
        pictures = self._batches.run(
            "decode",
            self._denormalise(latents),
            lambda batch: self._decode(batch.to(self._vae.dtype)).float(),
        )
        return (pictures * 0.5 + 0.5).clamp(0, 1)

    def preview(self, latents: torch.Tensor) -> torch.Tensor:
        """(1, c, h, w) → uint8 (h, w, 3) on the CPU: the linear map that comes closest to decoding."""
        if self._to_colour is None:
            self._to_colour = self._fit()
        cells = latents[0].float().permute(1, 2, 0)
        colours = cells @ self._to_colour[:-1] + self._to_colour[-1]
        return (colours.clamp(0, 1) * 255).round().to(torch.uint8).cpu()

    # ---- what another first stage does in another way

    @property
    def _factor(self) -> int:
        """Pixels per latent cell."""
        return int(2 ** (len(self._vae.config.block_out_channels) - 1))

    def _encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Means and logarithms of variances (n, 2c, h, w), before they are normalised."""
        sized = pixels.contiguous(memory_format=torch.channels_last)
        found: torch.Tensor = self._vae.encode(sized).latent_dist.parameters
        return found

    def _decode(self, latents: torch.Tensor) -> torch.Tensor:
        sized = latents.contiguous(memory_format=torch.channels_last)
        pixels: torch.Tensor = self._vae.decode(sized, return_dict=False)[0]
        return pixels

    def _normalise(self, latents: torch.Tensor) -> torch.Tensor:
        return (latents - self._shift) * self._scale

    def _denormalise(self, latents: torch.Tensor) -> torch.Tensor:
        return latents / self._scale + self._shift

    # ---- previews

    def _fit(self) -> torch.Tensor:
        """Weights (c + 1, 3) by least squares over pictures of smooth random colours; the last row is the offset."""
        generator = torch.Generator().manual_seed(0)
        colours = torch.rand((_FIT_PICTURES, 3, _FIT_CELLS, _FIT_CELLS), generator=generator)
        # From one flat colour to free colours in every cell, so that both broad and fine contrast are fitted.
        for index, cells in enumerate((1, 2, 3, 4, 6) * (_FIT_PICTURES // 5)):
            coarse = colours[index : index + 1, :, :cells, :cells]
            colours[index] = torch.nn.functional.interpolate(coarse, size=_FIT_CELLS, mode="bilinear")[0]
        factor = self._factor
        pixels = torch.nn.functional.interpolate(colours, scale_factor=factor, mode="bilinear")
        wanted = torch.nn.functional.avg_pool2d(pixels, factor).permute(0, 2, 3, 1).reshape(-1, 3)
        found = torch.cat(
            [self._normalise(distribution.mean) for distribution in self.encode(pixels * 2 - 1)]
        )
        known = found.float().permute(0, 2, 3, 1).reshape(len(wanted), -1).cpu()
        known = torch.cat([known, torch.ones(len(wanted), 1)], dim=1)
        weights: torch.Tensor = torch.linalg.lstsq(known, wanted).solution
        return weights.to(self._device)


class CertainAutoencoder(Autoencoder):
    """Encodes every picture without chance, as the pipelines of FLUX.1 Kontext and FLUX.2 do."""

    def sample(self, found: DiagonalGaussianDistribution, generator: torch.Generator) -> torch.Tensor:
        return self.likeliest(found)


def _scale_and_shift(config: Any, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Each (1, c, 1, 1) or a scalar, on the device; the denoiser's latents are (latents - shift) · scale.

    Some models, such as Playground v2.5 and Qwen-Image, normalise each channel by its own mean and deviation.
    """
    scale = torch.tensor(float(getattr(config, "scaling_factor", None) or 1.0), device=device)
    mean, deviation = (getattr(config, name, None) for name in ("latents_mean", "latents_std"))
    if mean is None or deviation is None:
        return scale, torch.tensor(float(getattr(config, "shift_factor", None) or 0.0), device=device)
    by_channel = [torch.tensor(values, device=device).view(1, -1, 1, 1) for values in (mean, deviation)]
    return scale / by_channel[1], by_channel[0]
