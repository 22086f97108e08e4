"""IP-Adapter: pictures as tokens that stand beside the words (Ye et al., arXiv:2308.06721).

diffusers' pipelines give every picture of a batch the same image prompt. Here each sample has tokens of its own, and
samples without a picture have zeros: the adapter's keys and values have no bias, so that zeros add exactly nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.embeddings import ImageProjection
from safetensors.torch import load_file
from transformers import CLIPVisionModelWithProjection

from engine.adapters.components.image_encoder import to_encoder_pixels
from engine.adapters.components.latent_blending import blend
from engine.adapters.loading.model_parts import LOADING, quiet
from engine.batching.sampling_params import WeightedImage
from engine.catalog.addons import IpAdapterEntry
from studio.errors import ModelLoadError

Tokens = torch.Tensor
_PARTS = ("image_proj", "ip_adapter")


class IpAdapter:
    """Lays an IP-Adapter into a UNet and turns pictures into its tokens. For the batcher's thread."""

    def __init__(
        self, entry: IpAdapterEntry, unet: Any, *, model: str, device: torch.device, dtype: torch.dtype
    ) -> None:
        """Raises `ModelLoadError` when a file is missing, damaged or made for another model."""
        self._device, self._dtype = device, dtype
        quiet()
        try:
            with LOADING:
                self._encoder = CLIPVisionModelWithProjection.from_pretrained(
                    entry.encoder, dtype=dtype, use_safetensors=True
                )
                self._encoder.requires_grad_(False).eval().to(device)
                unet._load_ip_adapter_weights([read_weights(Path(entry.source))])
                unet.to(device, dtype).requires_grad_(False)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever a library throws at a file of another shape
            raise ModelLoadError(
                f"The IP-Adapter of the model {model} is missing, damaged or made for another model."
            ) from error
        # The tokens are computed once for a sample instead of once for every step.
        self._projection = unet.encoder_hid_proj.image_projection_layers[0]
        unet.encoder_hid_proj = None
        self._processors = [
            processor for processor in unet.attn_processors.values() if hasattr(processor, "to_k_ip")
        ]
        self._scale = entry.scale
        self._open: bool | None = None
        # The plain kind sees the gist of a picture, the others its parts.
        self._sees_gist = isinstance(self._projection, ImageProjection)
        self._nothing = torch.zeros_like(self._project(self._blank()))

    @property
    def networks(self) -> Sequence[Any]:
        return (self._encoder, self._projection)

    def open(self, wanted: bool) -> None:
        """Whether the UNet looks at tokens at all in the next forward pass: for words alone that is saved."""
        if wanted is not self._open:
            for processor in self._processors:
                processor.scale = [self._scale if wanted else 0.0]
            self._open = wanted

    def tokens(self, likeness: Sequence[WeightedImage]) -> tuple[Tokens, Tokens]:
        """For the row that keeps away and the one that goes towards, each (tokens, width); zeros without pictures."""
        if not likeness:
            return self._nothing, self._nothing
        seen = blend((self._encode(weighted_image), weighted_image.share) for weighted_image in likeness)
        return self._project(self._blank()), self._project(seen)

    def _encode(self, weighted_image: WeightedImage) -> torch.Tensor:
        size = self._encoder.config.image_size
        return self._look(to_encoder_pixels(weighted_image.picture, size).to(self._device, self._dtype))

    def _look(self, pixels: torch.Tensor) -> torch.Tensor:
        if self._sees_gist:
            gist: torch.Tensor = self._encoder(pixels).image_embeds
            return gist
        parts: torch.Tensor = self._encoder(pixels, output_hidden_states=True).hidden_states[-2]
        return parts

    def _blank(self) -> torch.Tensor:
        """What guidance leads away from, as diffusers' pipelines take it."""
        size = self._encoder.config.image_size
        black = torch.zeros(1, 3, size, size, device=self._device, dtype=self._dtype)
        seen = self._look(black)
        return torch.zeros_like(seen) if self._sees_gist else seen

    def _project(self, seen: torch.Tensor) -> Tokens:
        tokens: Tokens = self._projection(seen)[0].to(self._dtype)
        return tokens


def read_weights(path: Path) -> dict[str, dict[str, torch.Tensor]]:
    """The adapter's two parts, from safetensors: a pickle is not read."""
    flat = load_file(path)
    return {
        part: {
            name.removeprefix(f"{part}."): tensor
            for name, tensor in flat.items()
            if name.startswith(f"{part}.")
        }
        for part in _PARTS
    }
