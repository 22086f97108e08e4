"""An augmented copy: the same picture framed and lit a little differently, by seed.

For models that paint over what they are given and invent little themselves: their variations come from here.
"""

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

_RESIZE = Image.Resampling.LANCZOS
# Beyond this reach a copy may also be mirrored.
_MIRROR_REACH = 0.1


def augment(picture: Image.Image, *, seed: int, reach: float) -> Image.Image:
    """RGB of the same size. `reach` is the largest share cut off at the edges; colours turn by as much."""
    dice = np.random.default_rng(seed)
    width, height = picture.size
    share = 1 - dice.uniform(reach / 3, reach)
    cropped = max(1, round(width * share)), max(1, round(height * share))
    left, top = (
        int(dice.integers(0, whole - part + 1)) for whole, part in zip(picture.size, cropped, strict=True)
    )
    framed = picture.convert("RGB").resize(
        (width, height), _RESIZE, box=(left, top, left + cropped[0], top + cropped[1])
    )
    if reach > _MIRROR_REACH and dice.random() < 0.5:
        framed = ImageOps.mirror(framed)
    turned = _turn_hues(framed, dice.uniform(-reach, reach) / 4)
    return ImageEnhance.Brightness(turned).enhance(1 + dice.uniform(-reach, reach) / 2)


def _turn_hues(picture: Image.Image, turn: float) -> Image.Image:
    """`turn` is a share of the whole circle of hues."""
    hue, saturation, value = picture.convert("HSV").split()
    turned = hue.point(lambda value: (value + round(turn * 256)) % 256)
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")
