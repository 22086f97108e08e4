"""A small sculpture for a word that no cut-out answers to: its shapes and colours come from the word."""

import hashlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_SIDE_PX = 176
# Stone, clay, brass, slate, sage and plaster.
_TONES = ((168, 160, 150), (190, 112, 84), (202, 164, 92), (92, 108, 128), (138, 154, 128), (226, 218, 204))


def paint_sculpture(word: str) -> Image.Image:
    """An RGBA picture, the same for the same word: three or four rounded bodies balanced on each other."""
    digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    side = 2 * _SIDE_PX
    tones = [_TONES[int(at)] for at in rng.permutation(len(_TONES))]
    picture = Image.new("RGBA", (side, side))
    bottom, middle = 0.98 * side, 0.5 * side
    for number in range(3 + int(rng.integers(2))):
        wide = side * rng.uniform(0.24, 0.4) * (1 - 0.14 * number)
        tall = wide * rng.uniform(0.5, 1.0) if number else wide * 0.42
        middle += 0.08 * side * float(rng.uniform(-1, 1)) * (number > 0)
        shape = Image.new("L", (side, side))
        box = (middle - wide, bottom - 2 * tall, middle + wide, bottom)
        kind = int(rng.integers(3)) if number else 1
        pen = ImageDraw.Draw(shape)
        if kind == 1:
            pen.rounded_rectangle(box, radius=0.5 * tall, fill=255)
        else:
            pen.ellipse(box, fill=255)
        if kind == 2:  # a ring
            pen.ellipse(
                (middle - 0.45 * wide, bottom - 1.45 * tall, middle + 0.45 * wide, bottom - 0.55 * tall),
                fill=0,
            )
        picture = Image.alpha_composite(picture, _shade(shape, tones[number], box))
        bottom -= 1.88 * tall
        if bottom < 0.3 * side:
            break
    return picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)


def _shade(
    shape: Image.Image, tone: tuple[int, int, int], box: tuple[float, float, float, float]
) -> Image.Image:
    """A body lit from the upper left."""
    left, top, right, bottom = box
    down, across = np.mgrid[0 : shape.height, 0 : shape.width].astype(np.float32)
    x, y = (across - left) / max(1, right - left), (down - top) / max(1, bottom - top)
    light = np.clip(1.22 - 0.5 * np.hypot(x - 0.3, y - 0.22), 0.5, 1.2)[..., None]
    body = np.clip(np.array(tone, np.float32) * light, 0, 255).astype(np.uint8)
    drawn = Image.fromarray(body, "RGB").convert("RGBA")
    drawn.putalpha(shape.filter(ImageFilter.GaussianBlur(1)))
    return drawn
