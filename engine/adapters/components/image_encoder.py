"""Pictures as CLIP's image encoder takes them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

# https://github.com/openai/CLIP, clip.py: `_transform`.
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)


def to_encoder_pixels(picture: Image.Image, side_pixels: int) -> torch.Tensor:
    """RGB → (1, 3, side, side): the shorter side to that length, the middle of the longer one, CLIP's scale."""
    scale = side_pixels / min(picture.size)
    size = max(side_pixels, int(picture.width * scale)), max(side_pixels, int(picture.height * scale))
    small = picture.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    left, top = (size[0] - side_pixels) // 2, (size[1] - side_pixels) // 2
    middle = small.crop((left, top, left + side_pixels, top + side_pixels))
    pixels = (np.asarray(middle, np.float32) / 255 - _MEAN) / _DEVIATION
    return torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None]


def image_embeddings(encoder: Any, pictures: Sequence[Image.Image]) -> torch.Tensor:
    """(n, width) of a `CLIPVisionModelWithProjection`."""
    side = encoder.config.image_size
    pixels = torch.cat([to_encoder_pixels(picture, side) for picture in pictures])
    embedded: torch.Tensor = encoder(pixels.to(encoder.device, encoder.dtype)).image_embeds
    return embedded
