"""Patterns on the main colour of a cut-out: its shading, eyes and outlines stay."""

from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageFilter

from engine.layout_prior.cutouts.recolour import main_colour_mask
from engine.layout_prior.language.vocabulary import COLOURS

_LUMA = np.array([0.3, 0.59, 0.11], np.float32)
# Dark details that cover no more of a silhouette are eyes and a nose; a belt or a tiger's own stripes are larger.
_FACE_MAX = 0.04


def apply_pattern(picture: Image.Image, pattern: str, colour: str | None = None) -> Image.Image:
    """An RGBA cut-out with a pattern of `PATTERNS`; `colour`, a key of COLOURS, is that of the stripes or dots."""
    pixels = np.asarray(picture, np.float32) / 255
    rgb, alpha = pixels[..., :3], pixels[..., 3]
    mask = main_colour_mask(rgb, alpha)
    chosen = (mask > 0.5) & (alpha > 0.5)
    if not chosen.any():
        return picture
    tone = np.median(rgb[chosen], axis=0)
    middle = float(tone @ _LUMA)
    if colour is not None:
        target = np.array(COLOURS[colour], np.float32) / 255
    elif pattern in ("dots", "checks") and middle < 0.72:
        target = 0.12 * tone + 0.88
    else:
        target = tone * 0.36 if middle > 0.3 else 0.4 * tone + 0.6
    bright = rgb @ _LUMA
    down, across = np.mgrid[0 : picture.height, 0 : picture.width].astype(np.float32) / max(picture.size)
    shade = np.clip(bright / max(middle, 0.08), 0.45, 1.15)[..., None]
    painted = np.clip(target * shade, 0, 1)
    mask = mask * np.clip(
        (bright - 0.4 * middle) / max(0.12 * middle, 0.01), 0, 1
    )  # eyes and outlines are darker
    share = (mask * _plain_around_eyes(bright < 0.4 * middle, alpha) * PATTERNS[pattern](across, down))[
        ..., None
    ]
    mixed = rgb + (painted - rgb) * share
    return Image.fromarray((np.dstack([mixed, alpha]) * 255 + 0.5).clip(0, 255).astype(np.uint8), "RGBA")


def _plain_around_eyes(dark: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """How much of a pattern shows, 0..1: little beside eyes and a nose, without which a face cannot be read."""
    details = dark & (alpha > 0.9)
    if details.sum() > _FACE_MAX * (alpha > 0.5).sum():
        return np.ones_like(alpha)
    side = max(alpha.shape)
    spots = Image.fromarray((details * 255).astype(np.uint8), "L").filter(
        ImageFilter.MaxFilter(2 * (side // 16) + 1)
    )
    near = np.asarray(spots.filter(ImageFilter.GaussianBlur(side / 40)), np.float32) / 255
    return 1 - 0.85 * near


def _stripes(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    wave = np.sin(2 * np.pi * (7 * (across + 0.12 * down) + 0.16 * np.sin(9 * down)))
    return np.asarray(np.clip((wave - 0.1) * 5, 0, 1))


def _spots(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Patches of uneven size and place, as on a coat."""
    rng = np.random.default_rng(11)
    nearest = np.full(across.shape, 9.0, np.float32)
    for x, y in ((x, y) for y in np.arange(0.05, 1, 0.17) for x in np.arange(0.05, 1, 0.17)):
        dx, dy = rng.uniform(-0.05, 0.05, 2)
        size = rng.uniform(0.036, 0.066)
        nearest = np.minimum(nearest, np.hypot(across - x - dx, 1.25 * (down - y - dy)) / size)
    return np.clip((1 - nearest) * 5, 0, 1)


def _dots(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    row = np.floor(down * 8)
    x, y = (across * 8 + 0.5 * (row % 2)) % 1 - 0.5, (down * 8) % 1 - 0.5
    return np.asarray(np.clip((0.3 - np.hypot(x, y)) * 14, 0, 1))


def _checks(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    return np.asarray((np.floor(across * 8) + np.floor(down * 8)) % 2, np.float32)


def _plaid(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    broad = 0.42 * ((across * 6 % 1 < 0.4).astype(np.float32) + (down * 6 % 1 < 0.4))
    thin = 0.5 * np.maximum((across * 6 + 0.32) % 1 < 0.1, (down * 6 + 0.32) % 1 < 0.1)
    return np.clip(broad + thin, 0, 0.92).astype(np.float32)


PATTERNS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "stripes": _stripes,
    "spots": _spots,
    "dots": _dots,
    "checks": _checks,
    "plaid": _plaid,
}
