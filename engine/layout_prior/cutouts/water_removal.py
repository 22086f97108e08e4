"""Boats and swimmers are drawn on a strip of water of their own, which has no place in a scene."""

import numpy as np
from PIL import Image

_EDGE_SHARE = 0.03  # of the height, at the bottom
_FULL_WIDTH = 0.9
_LIKE = 90.0  # how far apart two colours of the strip may be, of 441


def without_water(cutout: Image.Image) -> Image.Image:
    """An RGBA cut-out without the blue strip over its whole width at its bottom; as it is when it has none."""
    pixels = np.asarray(cutout).copy()
    rgb, alpha = pixels[..., :3].astype(np.float32), pixels[..., 3]
    edge = slice(-max(2, round(_EDGE_SHARE * cutout.height)), None)
    solid = alpha[edge] > 200
    if solid.any(0).mean() < _FULL_WIDTH:
        return cutout
    water = np.median(rgb[edge][solid], axis=0)
    if water[2] < 150 or water[2] - water[0] < 60:
        return cutout
    alike = (np.linalg.norm(rgb - water, axis=-1) < _LIKE) | (alpha < 16)
    strip = np.logical_and.accumulate(alike[::-1])[::-1]
    alpha[strip] = 0
    left = Image.fromarray(pixels, "RGBA")
    seen = left.getchannel("A").point(lambda value: 255 * (value > 8)).getbbox()
    return left.crop(seen) if seen else cutout
