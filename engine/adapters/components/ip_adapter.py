"""IP-Adapter: pictures as tokens that stand beside the words (Ye et al., arXiv:2308.06721).

diffusers' pipelines give every picture of a batch the same image prompt. Here each sample has tokens of its own, and
samples without a picture have zeros: the adapter's keys and values have no bias, so that zeros add exactly nothing.

There are two sets of tokens: one for what pictures show, and one for their style alone, which only some layers look at
(Wang et al., arXiv:2404.02733). Behind the numbers of each token stands how much its picture counts.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.embeddings import ImageProjection
from safetensors.torch import load_file
from torch import nn
from transformers import CLIPVisionModelWithProjection

from engine.adapters.components.image_encoder import to_encoder_pixels
from engine.adapters.components.latent_blending import blend
from engine.adapters.loading.model_parts import LOADING, quiet
from engine.batching.sampling_params import WeightedImage
from engine.catalog.addons import IpAdapterEntry
from studio.errors import ModelLoadError

Tokens = torch.Tensor
_PARTS = ("image_proj", "ip_adapter")
# In the layers for style alone, as InstantStyle (Wang et al., arXiv:2404.02733) has it: fewer layers, at full scale.
STYLE_SCALE = 1.0
# Of SDXL one block paints style; of Stable Diffusion 1.x and 2.x two paint what is to be seen, the others style.
_SDXL_STYLE = "up_blocks.0.attentions.1."
_CONTENT = ("down_blocks.2.", "up_blocks.1.")


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
        self._processors = {
            name: processor
            for name, processor in unet.attn_processors.items()
            if hasattr(processor, "to_k_ip")
        }
        for processor in self._processors.values():
            look_twice(processor)
        self._sees_style = style_layers(self._processors, is_sdxl=is_sdxl(unet))
        self._scale = entry.scale
        self._open: tuple[bool, bool] | None = None
        # The plain kind sees the gist of a picture, the others its parts.
        self._sees_gist = isinstance(self._projection, ImageProjection)
        self._nothing = torch.zeros_like(with_amount(self._project(self._blank()), 0.0))

    @property
    def networks(self) -> Sequence[Any]:
        return (self._encoder, self._projection)

    def open(self, *, likeness: bool, styles: bool) -> None:
        """Which tokens the UNet looks at in the next forward pass: for words alone that is saved."""
        if (likeness, styles) == self._open:
            return
        for name, processor in self._processors.items():
            sees_style = styles and name in self._sees_style
            processor.scale = [self._scale if likeness else 0.0, STYLE_SCALE if sees_style else 0.0]
        self._open = (likeness, styles)

    def tokens(self, likeness: Sequence[WeightedImage]) -> tuple[Tokens, Tokens]:
        """For the row that keeps away and the one that goes towards, each (tokens, width + 1); zeros without
        pictures.
        """
        if not likeness:
            return self._nothing, self._nothing
        seen = blend((self._encode(weighted_image), weighted_image.share) for weighted_image in likeness)
        amount = max(weighted_image.amount for weighted_image in likeness)
        away, towards = self._project(self._blank()), self._project(seen)
        return with_amount(away, amount), with_amount(towards, amount)

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


class _Keys(nn.Module):
    """Keys of tokens whose last number is not one of theirs."""

    def __init__(self, linear: nn.Module) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        keys: torch.Tensor = self.linear(tokens[..., :-1])
        return keys


class _Values(_Keys):
    """Values by the last number of each token: attention is linear in them, so the picture counts that much."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return super().forward(tokens) * tokens[..., -1:]


def with_amount(tokens: torch.Tensor, amount: float) -> torch.Tensor:
    """(tokens, width) becomes (tokens, width + 1)."""
    return torch.cat([tokens, tokens.new_full((len(tokens), 1), amount)], dim=-1)


def look_twice(processor: Any) -> None:
    """The layer's keys and values, with which it looks at two sets of tokens."""
    keys, values = _Keys(processor.to_k_ip[0]), _Values(processor.to_v_ip[0])
    processor.to_k_ip, processor.to_v_ip = nn.ModuleList([keys, keys]), nn.ModuleList([values, values])


def is_sdxl(unet: Any) -> bool:
    return bool(unet.config.addition_embed_type == "text_time")


def style_layers(names: Iterable[str], *, is_sdxl: bool) -> frozenset[str]:
    """Those of the attention layers, by their names in the UNet, that look at the tokens for style."""
    if is_sdxl:
        return frozenset(name for name in names if name.startswith(_SDXL_STYLE))
    return frozenset(name for name in names if not name.startswith(_CONTENT))
