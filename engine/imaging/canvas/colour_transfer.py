"""One picture in the colours of others."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]

# How far the colours move: all the way would turn a green meadow into somebody's red wall.
_REACH = 0.5
# Lightness is the first of Pillow's YCbCr channels; how light things are belongs to the scene.
_LIGHTNESS_REACH = 0.25
_SAMPLE_PIXELS = 64


def tint(picture: Image.Image, others: Sequence[tuple[Image.Image, float]]) -> Image.Image:
    """RGB, with the mean and spread of each colour channel moved halfway to those of `others` by their shares."""
    return move_colours(picture, others, reach=(_LIGHTNESS_REACH, _REACH, _REACH), sample=picture)


def move_colours(
    picture: Image.Image,
    others: Sequence[tuple[Image.Image, float]],
    *,
    reach: tuple[float, float, float],
    sample: Image.Image,
) -> Image.Image:
    """RGB, with the mean and spread of lightness and both colour channels moved to those of `others` by their shares.

    `reach`: how far each of the three goes, from 0 to 1. `sample` is the part of the picture that is measured. The
    transfer of means and deviations follows Reinhard and others, "Color transfer between images" (2001).
    """
    values = _channels(picture)
    mean, spread = _statistics(_channels(_small(sample)))
    wanted = [(_statistics(_channels(_small(other))), share) for other, share in others]
    wanted_mean = sum((share * found[0] for found, share in wanted), np.zeros(3, np.float32))
    wanted_spread = sum((share * found[1] for found, share in wanted), np.zeros(3, np.float32))
    far = np.array(reach, np.float32)
    scale = 1 + far * (np.clip(wanted_spread / np.maximum(spread, 1), 0.5, 2) - 1)
    moved = (values - mean) * scale + mean + far * (wanted_mean - mean)
    return Image.fromarray(np.rint(moved.clip(0, 255)).astype(np.uint8), mode="YCbCr").convert("RGB")


def _channels(picture: Image.Image) -> Floats:
    return np.asarray(picture.convert("YCbCr"), np.float32)


def _small(picture: Image.Image) -> Image.Image:
    return picture.convert("RGB").resize((_SAMPLE_PIXELS, _SAMPLE_PIXELS), Image.Resampling.BOX)


def _statistics(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each channel, (3,)."""
    flat = values.reshape(-1, 3)
    return flat.mean(axis=0), flat.std(axis=0)
