"""Detectors without learned parts: the colour, the number and the position of things before a plain wall, without
anything learnt.
"""

import colorsys

import numpy as np
from PIL import Image, ImageFilter

_APART = 0.16
_SMALLEST_SHARE = 0.2


def standing_out(picture: Image.Image) -> np.ndarray:
    """(height, width) bool: what differs from the wall, whose tone is taken from the four edges."""
    pixels = np.asarray(picture.convert("RGB").filter(ImageFilter.GaussianBlur(1)), np.float32) / 255
    edge = max(2, picture.width // 40)
    rim = np.concatenate(
        [part.reshape(-1, 3) for part in (pixels[:edge], pixels[-edge:], pixels[:, :edge], pixels[:, -edge:])]
    )
    return np.asarray(np.abs(pixels - np.median(rim, 0)).max(-1) > _APART)


def colour_of(picture: Image.Image) -> str:
    """The name of the colour that most of what stands out has."""
    found = standing_out(picture)
    pixels = np.asarray(picture.convert("RGB"), np.float32)[found] / 255
    if not len(pixels):
        return ""
    names: dict[str, int] = {}
    for red, green, blue in pixels[:: max(1, len(pixels) // 2000)]:
        name = _name(float(red), float(green), float(blue))
        names[name] = names.get(name, 0) + 1
    return max(names, key=lambda name: names[name])


def _name(red: float, green: float, blue: float) -> str:
    """One of eleven basic colour words (Berlin & Kay 1969) for a pixel of 0..1, by hue, saturation and value."""
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    degrees = 360 * hue
    if value < 0.27:
        return "black"
    if saturation < 0.17:
        return "white" if value > 0.82 else "grey" if value > 0.33 else "black"
    if 8 <= degrees < 48 and value < 0.68:
        return "brown"
    if degrees < 14 or degrees >= 342:
        return "pink" if saturation < 0.55 and value > 0.7 else "red"
    bounds = ((40, "orange"), (66, "yellow"), (170, "green"), (252, "blue"), (298, "purple"), (342, "pink"))
    return next(name for bound, name in bounds if degrees < bound)


def hue_mask(picture: Image.Image, colour: str) -> np.ndarray:
    """(height, width) bool: pixels that are clearly red or clearly blue."""
    red, green, blue = np.moveaxis(np.asarray(picture.convert("RGB"), np.float32) / 255, -1, 0)
    if colour == "red":
        return np.asarray((red > 0.45) & (red - np.maximum(green, blue) > 0.22))
    return np.asarray((blue > 0.35) & (blue - red > 0.18) & (blue - green > 0.04))


def number_of(picture: Image.Image) -> int:
    """How many separate red things there are; specks much smaller than the largest do not count."""
    sizes = sorted(_patches(hue_mask(picture, "red")), reverse=True)
    return sum(size >= _SMALLEST_SHARE * sizes[0] for size in sizes) if sizes and sizes[0] >= 12 else 0


def position_of(picture: Image.Image) -> str:
    """How the red thing lies to the blue one: by the longer way between their middles; empty when one is missing."""
    middles = []
    for colour in ("red", "blue"):
        rows, columns = np.nonzero(hue_mask(picture, colour))
        if len(rows) < 40:
            return ""
        middles.append((float(np.median(columns)) / picture.width, float(np.median(rows)) / picture.height))
    (across, down), (next_across, next_down) = middles
    if abs(across - next_across) > abs(down - next_down):
        return "to the left of" if across < next_across else "to the right of"
    return "above" if down < next_down else "below"


def _patches(mask: np.ndarray) -> list[int]:
    """The sizes of connected patches (four neighbours), in pixels of a grid of at most 128."""
    step = max(1, mask.shape[0] // 128)
    small = mask[::step, ::step].copy()
    sizes = []
    while small.any():
        row, column = np.unravel_index(int(small.argmax()), small.shape)
        patch = [(int(row), int(column))]
        small[row, column] = False
        size = 0
        while patch:
            y, x = patch.pop()
            size += 1
            for near in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if 0 <= near[0] < small.shape[0] and 0 <= near[1] < small.shape[1] and small[near]:
                    small[near] = False
                    patch.append(near)
        sizes.append(size)
    return sizes
