"""Carrying a picture on into a part of it that is still empty."""

import numpy as np
from PIL import Image, ImageFilter

_EMPTY = (206, 220, 240)


def carry_on(canvas: Image.Image, free: np.ndarray) -> Image.Image:
    """`canvas` (RGB) with the pixels where `free` (height, width; bool) holds filled from the others.

    Each empty pixel is the mean of the nearest known pixels to its left, right, above and below, weighted by the
    inverse square of their distance, so that a horizon runs on to the edge and a hole closes from all sides.
    """
    pixels = np.asarray(canvas.convert("RGB"), np.float32).copy()
    known = ~free
    if not known.any():
        return Image.new("RGB", canvas.size, _EMPTY)
    distance = np.zeros(free.shape, np.float32)
    while not known.all():  # twice at most where a whole row and column are empty, as in a corner
        pixels, distance, known = _fill_once(pixels, distance, known)
    return _soften(pixels, distance, free)


def _fill_once(
    pixels: np.ndarray, distance: np.ndarray, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    total, weights = np.zeros_like(pixels), np.zeros(known.shape, np.float32)
    nearest = np.full(known.shape, np.inf, np.float32)
    for axis in (0, 1):
        for backwards in (False, True):
            found, away = _last_known(known, axis, backwards=backwards)
            near = np.where(found >= 0, 1 / np.maximum(away, 1) ** 2, 0).astype(np.float32)
            places = np.maximum(found, 0)
            rows, columns = np.indices(known.shape)
            from_there = pixels[places, columns] if axis == 0 else pixels[rows, places]
            total += from_there * near[..., None]
            weights += near
            nearest = np.where(found >= 0, np.minimum(nearest, away), nearest)
    reached = weights > 0
    filled = np.where((reached & ~known)[..., None], total / np.maximum(weights, 1e-12)[..., None], pixels)
    far = np.where(reached & ~known, nearest, distance).astype(np.float32)
    return filled, far, known | reached


def _last_known(known: np.ndarray, axis: int, *, backwards: bool) -> tuple[np.ndarray, np.ndarray]:
    """Along an axis, the index of the nearest known pixel behind each one (-1: none) and how far away it is."""
    length = known.shape[axis]
    places = np.arange(length).reshape((-1, 1) if axis == 0 else (1, -1))
    if backwards:
        marked = np.where(known, places, length)
        found = np.flip(np.minimum.accumulate(np.flip(marked, axis), axis), axis)
        return np.where(found < length, found, -1), found - places
    found = np.maximum.accumulate(np.where(known, places, -1), axis)
    return found, places - found


def _soften(pixels: np.ndarray, distance: np.ndarray, free: np.ndarray) -> Image.Image:
    """Blur the filled part, the more the further it is from what was known, so that no streaks stay."""
    sharp = Image.fromarray(pixels.clip(0, 255).astype(np.uint8), "RGB")
    side = min(sharp.size)
    soft = sharp.filter(ImageFilter.GaussianBlur(max(1.0, side / 64)))
    share = np.clip(distance / (0.2 * side), 0, 1) * free
    return Image.composite(soft, sharp, Image.fromarray((share * 255).astype(np.uint8), "L"))
