"""Styles: from which set a cut-out is taken, and what is done to it, or to the whole collage, afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter, ImageOps

_INK = (38, 40, 52)


def _as_it_is(picture: Image.Image) -> Image.Image:
    return picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """`finish` changes an RGBA cut-out, `wash` the whole RGB collage. `paper` is the wall things stand before."""

    drawings: str
    finish: Callable[[Image.Image], Image.Image] = _as_it_is
    wash: Callable[[Image.Image], Image.Image] = _as_it_is
    paper: tuple[float, float, float] | None = None
    shadows: bool = True


def add_border(cutout: Image.Image) -> Image.Image:
    """A sticker: a broad white rim around the whole."""
    return _add_rim(cutout, width=max(2, max(cutout.size) // 18), colour=(255, 255, 255))


def add_outline(cutout: Image.Image) -> Image.Image:
    """Clip art: a dark outline around the whole."""
    return _add_rim(cutout, width=max(1, max(cutout.size) // 45), colour=_INK)


def trace_lines(cutout: Image.Image) -> Image.Image:
    """A line drawing: ink where colours meet, white elsewhere inside."""
    spread = max(2, max(cutout.size) // 60)
    wide = ImageOps.expand(cutout, 2 * spread)
    pixels = np.asarray(wide.filter(ImageFilter.MedianFilter(3)), np.float32)
    flat = Image.fromarray((pixels[..., :3] * (pixels[..., 3:] / 255)).astype(np.uint8), "RGB")
    edges = np.zeros(pixels.shape[:2], np.float32)
    for layer in (*flat.split(), wide.getchannel("A")):
        values = np.asarray(layer.filter(ImageFilter.GaussianBlur(spread / 2)), np.float32)
        down, across = np.gradient(values)
        edges = np.maximum(edges, np.hypot(down, across) * spread)
    ink = np.clip((edges - 26) / 22, 0, 1)
    lines = Image.fromarray((ink * 255).astype(np.uint8), "L").filter(
        ImageFilter.MaxFilter(2 * (spread // 2) + 1)
    )
    drawn = Image.new("RGB", wide.size, "white")
    drawn.paste(_INK, mask=lines)
    alpha = np.maximum(np.asarray(wide.getchannel("A")), np.asarray(lines))
    drawn.putalpha(Image.fromarray(alpha, "L"))
    return drawn


def _add_rim(cutout: Image.Image, *, width: int, colour: tuple[int, int, int]) -> Image.Image:
    wide = ImageOps.expand(cutout, width + 1)
    alpha = wide.getchannel("A").point(lambda value: 255 * (value > 96))
    for _ in range(width):  # many small steps make a rounder rim than a large one
        alpha = alpha.filter(ImageFilter.MaxFilter(3))
    soft = alpha.filter(ImageFilter.GaussianBlur(max(0.8, width / 3))).point(
        lambda value: min(255, value * 2)
    )
    rim = Image.new("RGBA", wide.size, (*colour, 0))
    rim.putalpha(soft)
    return Image.alpha_composite(rim, wide)


def pixelate(picture: Image.Image) -> Image.Image:
    """About 44 squares to a side, in few colours."""
    cell = max(2, min(picture.size) // 44)
    small = picture.resize((picture.width // cell, picture.height // cell), Image.Resampling.BOX)
    few = small.quantize(24, dither=Image.Dither.NONE).convert("RGB")
    return few.resize(picture.size, Image.Resampling.NEAREST)


def apply_watercolour(picture: Image.Image) -> Image.Image:
    """Watercolour: patches of even colour, darker at their edges, on bright paper."""
    side = min(picture.size)
    patches = picture.filter(ImageFilter.ModeFilter(max(3, side // 64 | 1))).filter(
        ImageFilter.GaussianBlur(side / 200)
    )
    pixels = np.asarray(patches, np.float32)
    luma = Image.fromarray(pixels.mean(-1).astype(np.uint8), "L")
    down, across = np.gradient(np.asarray(luma.filter(ImageFilter.GaussianBlur(side / 160)), np.float32))
    edges = np.clip(np.hypot(down, across) * side / 256, 0, 24)[..., None]
    bright = 255 - (255 - pixels) * 0.78
    return Image.fromarray((bright - 1.6 * edges).clip(0, 255).astype(np.uint8), "RGB")


def apply_pencil(picture: Image.Image) -> Image.Image:
    """Grey shading and dark lines, by dividing a picture by its blurred negative."""
    grey = np.asarray(picture.convert("L"), np.float32)
    soft = np.asarray(
        picture.convert("L").filter(ImageFilter.GaussianBlur(min(picture.size) / 48)), np.float32
    )
    lines = np.clip(grey / np.maximum(soft, 8), 0, 1) ** 1.5
    shaded = 255 * lines * (0.55 + 0.45 * np.clip(grey / 215, 0, 1))
    return Image.fromarray(shaded.clip(0, 255).astype(np.uint8), "L").convert("RGB")


STYLES: Mapping[str, Style] = {
    "glossy": Style(drawings="glossy"),
    "cartoon": Style(drawings="cartoon"),
    "flat": Style(drawings="flat", shadows=False),
    "sticker": Style(drawings="flat", finish=add_border),
    "clip art": Style(drawings="cartoon", finish=add_outline, paper=(1.0, 1.0, 1.0), shadows=False),
    "line": Style(drawings="flat", finish=trace_lines, paper=(1.0, 1.0, 1.0), shadows=False),
    "sketch": Style(drawings="cartoon", wash=apply_pencil, paper=(0.97, 0.97, 0.95)),
    "pixel": Style(drawings="flat", wash=pixelate, shadows=False),
    "watercolour": Style(drawings="cartoon", wash=apply_watercolour, shadows=False),
}
# What a prompt without a style may get.
USUAL = ("glossy", "cartoon")
