"""Styles: from which set a cut-out is taken, and what is done to it, or to the whole collage, afterwards."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

_INK = (38, 40, 52)
_PAPER = (250, 247, 240)
_LATENT_PX = 8  # pixels to a side of one cell of the model's latents


def _as_it_is(picture: Image.Image) -> Image.Image:
    return picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """`finish` changes an RGBA cut-out, `wash` the whole RGB collage, `retouch` the RGB picture that the model painted
    over it, in which squares, strokes and grain have gone soft. `paper` is the wall things stand before.
    """

    drawings: str
    finish: Callable[[Image.Image], Image.Image] = _as_it_is
    wash: Callable[[Image.Image], Image.Image] = _as_it_is
    retouch: Callable[[Image.Image], Image.Image] = _as_it_is
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
    """About 32 squares to a side, on the cells of the latents, so that repainting keeps their edges; few colours."""
    cell = max(_LATENT_PX, _LATENT_PX * round(min(picture.size) / 32 / _LATENT_PX))
    columns, rows = -(-picture.width // cell), -(-picture.height // cell)
    small = picture.resize((columns, rows), Image.Resampling.BOX)
    vivid = ImageEnhance.Contrast(ImageEnhance.Color(small).enhance(1.15)).enhance(1.12)
    few = vivid.quantize(20, dither=Image.Dither.NONE).convert("RGB")
    large = few.resize((columns * cell, rows * cell), Image.Resampling.NEAREST)
    return large.crop((0, 0, *picture.size))


def apply_watercolour(picture: Image.Image) -> Image.Image:
    """Watercolour: uneven washes with dark rims, which end before the edge of a white grainy paper."""
    side, rng = min(picture.size), np.random.default_rng(zlib.crc32(picture.tobytes()))
    patches = picture.filter(ImageFilter.ModeFilter(max(3, side // 48 | 1))).filter(
        ImageFilter.GaussianBlur(side / 190)
    )
    pixels = np.asarray(patches, np.float32)
    blotches, grain = (_noise(picture.size, cells, rng)[..., None] for cells in (7, side // 5))
    luma = Image.fromarray(pixels.mean(-1).astype(np.uint8), "L")
    down, across = np.gradient(np.asarray(luma.filter(ImageFilter.GaussianBlur(side / 160)), np.float32))
    edges = np.clip(np.hypot(down, across) * side / 256, 0, 24)[..., None]
    wash = 255 - (255 - pixels) * np.clip(0.7 + 0.3 * blotches, 0.3, 1.05) - 2.2 * edges + 5 * grain
    ys, xs = np.mgrid[0 : picture.height, 0 : picture.width].astype(np.float32)
    inside = np.minimum.reduce([xs, ys, picture.width - 1 - xs, picture.height - 1 - ys])[..., None] / side
    wet = np.clip((inside - 0.07 - 0.055 * _noise(picture.size, 6, rng)[..., None]) / 0.018, 0, 1)
    rim = 4 * wet * (1 - wet)
    paper = np.array(_PAPER, np.float32) + 4 * grain
    return Image.fromarray((paper * (1 - wet) + (wash - 22 * rim) * wet).clip(0, 255).astype(np.uint8), "RGB")


def add_grain(picture: Image.Image) -> Image.Image:
    """The grain of rough paper, in which pigment settles: stronger where there is colour."""
    rng = np.random.default_rng(zlib.crc32(picture.tobytes()))
    pixels = np.asarray(picture, np.float32)
    grain = _noise(picture.size, min(picture.size) // 3, rng) + 0.7 * _noise(picture.size, 9, rng)
    depth = 3 + 13 * (255 - pixels.mean(-1)) / 255
    return Image.fromarray((pixels + (depth * grain)[..., None]).clip(0, 255).astype(np.uint8), "RGB")


def apply_oil(picture: Image.Image) -> Image.Image:
    """Oil: short thick strokes along the edges of things, broad ones first, in slightly different tones."""
    side, rng = min(picture.size), np.random.default_rng(zlib.crc32(picture.tobytes()))
    soft = picture.filter(ImageFilter.GaussianBlur(side / 100))
    pixels = np.asarray(soft, np.float32)
    luma = np.asarray(soft.convert("L").filter(ImageFilter.GaussianBlur(side / 40)), np.float32)
    down, across = (np.asarray(slope) for slope in np.gradient(luma))
    turn = 1.2 * _noise(picture.size, 4, rng)
    painted = soft.filter(ImageFilter.ModeFilter(max(3, side // 40 | 1)))
    pen = ImageDraw.Draw(painted)
    for count, length, width in ((1100, 0.055, 0.02), (3200, 0.03, 0.009)):
        for x, y in zip(
            rng.integers(0, picture.width, count), rng.integers(0, picture.height, count), strict=True
        ):
            steep = float(np.hypot(down[y, x], across[y, x]))
            angle = np.arctan2(across[y, x], -down[y, x]) if steep > 0.6 else 0.35 + turn[y, x]
            reach = length * side * (0.5 if steep > 2 else 1) / 2
            dx, dy = reach * np.cos(angle), reach * np.sin(angle)
            tone = np.clip(pixels[y, x] * rng.uniform(0.93, 1.08) + rng.uniform(-5, 5, 3), 0, 255)
            pen.line(
                (x - dx, y - dy, x + dx, y + dy),
                fill=(int(tone[0]), int(tone[1]), int(tone[2])),
                width=max(2, round(width * side)),
            )
    relief = painted.convert("L").filter(ImageFilter.EMBOSS)
    lit = np.asarray(painted, np.float32) + 0.12 * (np.asarray(relief, np.float32)[..., None] - 128)
    return ImageEnhance.Color(Image.fromarray(lit.clip(0, 255).astype(np.uint8), "RGB")).enhance(1.12)


def _noise(size: tuple[int, int], cells: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise in about -1..1, (height, width)."""
    coarse = rng.uniform(-1, 1, (cells + 1, cells + 1)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC), np.float32)


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
    "pixel": Style(drawings="flat", wash=pixelate, retouch=pixelate, shadows=False),
    "oil": Style(drawings="cartoon", retouch=apply_oil),
    "watercolour": Style(drawings="cartoon", wash=apply_watercolour, retouch=add_grain, shadows=False),
}
# What a prompt without a style may get.
USUAL = ("glossy", "cartoon")
