"""Guessing unknown pixels from known ones, as a start for denoising.

`spread` is the pull-push scheme of Gortler, Grzeszczuk, Szeliski and Cohen, "The Lumigraph" (1996), section
3.4.2: average the known values into ever smaller pictures, then fill each hole from the next smaller one.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


def spread(values: Floats, known: Floats) -> Floats:
    """`values` (h, w, c) where `known` (h, w; from 0 to 1) is 1; elsewhere a smooth continuation of them."""
    height, width = known.shape
    if min(height, width) <= 1 or known.min() >= 1:
        weight = known[..., None]
        mean = (values * weight).sum((0, 1)) / max(float(weight.sum()), 1e-6)
        return np.asarray(values * weight + mean * (1 - weight), np.float32)
    small_values, small_known = _halve(values, known)
    coarse = _double(spread(small_values, small_known), height, width)
    weight = known[..., None]
    return values * weight + coarse * (1 - weight)


def _halve(values: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Means of 2×2 blocks weighted by what is known; a block counts as known once one pixel is."""
    height, width = known.shape
    pad = ((0, height % 2), (0, width % 2))
    weight = np.pad(known, pad)[..., None]
    weighted = np.pad(values, (*pad, (0, 0))) * weight
    sums = weighted[0::2, 0::2] + weighted[1::2, 0::2] + weighted[0::2, 1::2] + weighted[1::2, 1::2]
    total = weight[0::2, 0::2] + weight[1::2, 0::2] + weight[0::2, 1::2] + weight[1::2, 1::2]
    means = sums / np.maximum(total, 1e-6)
    return means.astype(np.float32), np.minimum(total[..., 0], 1).astype(np.float32)


def _double(values: Floats, height: int, width: int) -> Floats:
    """Twice as large by linear interpolation, cut to `height` and `width`."""
    channels = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(values[..., channel])).resize(
                (values.shape[1] * 2, values.shape[0] * 2), Image.Resampling.BILINEAR
            )
        )
        for channel in range(values.shape[2])
    ]
    return np.stack(channels, axis=-1)[:height, :width]


def near(unknown: Flags, *, radius: int | None = None) -> Floats:
    """1 on known pixels close to unknown ones, else 0: what lies far away shall not colour the guess."""
    height, width = unknown.shape
    blur = ImageFilter.BoxBlur(radius or _band_radius((width, height)))
    reached = np.asarray(Image.fromarray(np.where(unknown, 255, 0).astype(np.uint8)).filter(blur))
    band = (reached > 0) & ~unknown
    return np.where(band if band.any() else ~unknown, 1, 0).astype(np.float32)


def _band_radius(size: tuple[int, int]) -> int:
    return max(4, min(size) // 24)
