"""A small round creature for a word that no cut-out answers to: its shape and colour come from the word."""

import colorsys
import hashlib

import numpy as np
from PIL import Image, ImageDraw

_SIDE_PX = 176


def paint_creature(word: str) -> Image.Image:
    """An RGBA picture, the same for the same word."""
    digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    side = 4 * _SIDE_PX
    hue = digest[0] / 256
    body, dark, light = (
        _tone(hue, saturation, value) for saturation, value in ((0.55, 0.92), (0.62, 0.7), (0.3, 1))
    )
    lobes = int(rng.integers(3, 7))
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = side * 0.37 * (1 + 0.1 * np.sin(lobes * angles + rng.uniform(0, 6)))
    outline = [
        (side / 2 + far * np.cos(angle), side * 0.54 + far * 0.94 * np.sin(angle))
        for far, angle in zip(radius, angles, strict=True)
    ]
    shape = Image.new("L", (side, side))
    ImageDraw.Draw(shape).polygon(outline, fill=255)
    down = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
    shading = (
        np.array(light) * (1 - down) ** 2 + np.array(body) * 2 * down * (1 - down) + np.array(dark) * down**2
    )
    picture = Image.fromarray(np.broadcast_to(shading, (side, side, 3)).astype(np.uint8), "RGB").convert(
        "RGBA"
    )
    picture.putalpha(shape)
    pen = ImageDraw.Draw(picture)
    for sign in (-1, 1):
        x, y, size = side * (0.5 + sign * 0.13), side * rng.uniform(0.44, 0.46), side * 0.075
        pen.ellipse((x - size, y - size * 1.15, x + size, y + size * 1.15), fill=(255, 255, 255, 255))
        pen.ellipse((x - size * 0.5, y - size * 0.4, x + size * 0.5, y + size * 0.75), fill=(40, 36, 60, 255))
    pen.arc(
        (side * 0.41, side * 0.5, side * 0.59, side * 0.66), 20, 160, fill=(60, 40, 70, 255), width=side // 50
    )
    return picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)


def _tone(hue: float, saturation: float, value: float) -> tuple[float, float, float]:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return 255 * red, 255 * green, 255 * blue
