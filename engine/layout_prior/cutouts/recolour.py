"""Changing the main colour of a cut-out while its shading, eyes, outlines and highlights stay."""

import numpy as np
from PIL import Image

from engine.layout_prior.language.vocabulary import COLOURS

_HUES = 36


def main_hue(rgb: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """The most common hue (0..1) among coloured pixels, and the share of the picture that is coloured at all.

    `rgb` is float 0..1 (height, width, 3); `weight` (height, width) is how much each pixel counts.
    """
    hue, saturation, value = _hsv(rgb)
    coloured = weight * (saturation > 0.22) * (value > 0.2)
    counts = np.bincount((hue * _HUES).astype(int).ravel() % _HUES, (coloured * saturation).ravel(), _HUES)
    smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
    return (int(smooth.argmax()) + 0.5) / _HUES, float(coloured.sum() / max(weight.sum(), 1e-6))


def recolour(picture: Image.Image, colour: str) -> Image.Image:
    """An RGBA cut-out in another main colour; `colour` is a key of COLOURS."""
    pixels = np.asarray(picture, np.float32) / 255
    rgb, alpha = pixels[..., :3], pixels[..., 3]
    target = np.array(COLOURS[colour], np.float32) / 255
    mask = main_colour_mask(rgb, alpha)
    luma = rgb @ np.array([0.3, 0.59, 0.11], np.float32)
    chosen = (mask > 0.5) & (alpha > 0.5)
    if not chosen.any():
        return picture
    middle = float(np.median(luma[chosen]))
    shade = (luma / max(middle, 0.08))[..., None]
    dark = target * np.clip(shade, 0, 1) ** 0.9
    light = np.clip((shade - 1) / max(1 / max(middle, 0.08) - 1, 0.25), 0, 1)
    painted = np.where(shade <= 1, dark, target + (1 - target) * light * 0.8)
    mixed = rgb + (painted - rgb) * mask[..., None]
    out = np.dstack([mixed, alpha])
    return Image.fromarray((out * 255 + 0.5).clip(0, 255).astype(np.uint8), "RGBA")


def main_colour_mask(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """How much each pixel is of the main colour, 0..1; `rgb` is float 0..1 (height, width, 3)."""
    hue, saturation, value = _hsv(rgb)
    wanted, share = main_hue(rgb, alpha)
    mask: np.ndarray
    if share > 0.25:
        distance = np.abs((hue - wanted + 0.5) % 1 - 0.5)
        mask = np.clip((0.13 - distance) / 0.04, 0, 1) * np.clip((saturation - 0.1) / 0.15, 0, 1)
        return mask
    # Black outlines and eyes stay black, unless nearly all of it is black.
    seen = value[(saturation < 0.45) & (alpha > 0.5)]
    darkest = min(0.12, 0.3 * float(np.median(seen))) if seen.size else 0.12
    mask = np.clip((0.45 - saturation) / 0.2, 0, 1) * np.clip((value - darkest) / (darkest + 0.08), 0, 1)
    return mask


def _hsv(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hue, saturation and value, each 0..1 and of shape (height, width)."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    # Along an axis of three, max() and min() take several times as long.
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    spread = high - low
    safe = np.where(spread > 0, spread, 1)
    hue = np.where(
        high == red,
        ((green - blue) / safe) % 6,
        np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return hue / 6 % 1, spread / np.where(high > 0, high, 1), high
