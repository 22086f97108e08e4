"""Larger canvases: where the picture goes, what starts in the new part, and how the two are joined again."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from engine.imaging.canvas.infill import Floats, near, spread
from engine.imaging.masks.masks import overlay
from studio.domain.requests import Margins
from studio.domain.sizing.canvases import Box

JOIN_PIXELS = 24
# Original pixels next to the seam whose colours are compared with their painted counterparts.
MATCH_BAND_PIXELS = 16
# Smooth work on larger canvases is done at this many pixels.
WORK_PIXELS = 1_500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A picture on a larger canvas.

    `picture` is RGB with a guess in the new part; `mask` is mode L, 255 where the canvas is new;
    `box` is (left, top, right, bottom) of the original.
    """

    picture: Image.Image
    mask: Image.Image
    box: Box


def expand(picture: Image.Image, margins: Margins) -> Canvas:
    """The picture on its new canvas; original pixels unchanged, new ones a guess that continues them."""
    width = margins.left + picture.width + margins.right
    height = margins.top + picture.height + margins.bottom
    box = (margins.left, margins.top, margins.left + picture.width, margins.top + picture.height)
    mask = Image.new("L", (width, height), 255)
    mask.paste(0, box)
    original = picture.convert("RGB")
    filled = _guess(original, box, (width, height))
    filled.paste(original, box)
    return Canvas(picture=filled, mask=mask, box=box)


def _guess(original: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    """The picture mirrored at its edges, ever more blurred with distance, drifting to the colours around."""
    small_size, small_box = _shrink(size, box)
    inner = (small_box[2] - small_box[0], small_box[3] - small_box[1])
    small = original if inner == original.size else original.resize(inner, Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32)
    pads = _pads(small_size, small_box)
    distance = _distance_outside(small_size, small_box)
    reach = max(16.0, 0.35 * min(inner))
    smooth = spread(np.pad(pixels, (*pads, (0, 0))), near(distance > 0))
    share = np.clip(distance / reach, 0, 1)[..., None]
    mirrored = np.pad(pixels, (*pads, (0, 0)), mode="symmetric")
    blended = _blur_by(mirrored, share[..., 0], reach) * (1 - share) + smooth * share
    guess = Image.fromarray(np.rint(blended.clip(0, 255)).astype(np.uint8))
    return guess if small_size == size else guess.resize(size, Image.Resampling.BICUBIC)


def _shrink(size: tuple[int, int], box: Box) -> tuple[tuple[int, int], Box]:
    """Canvas and box at a size at which smooth work is quick; guesses and colour shifts have no fine detail."""
    scale = min(1.0, math.sqrt(WORK_PIXELS / (size[0] * size[1])))
    small_size = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    left, top = (min(round(box[axis] * scale), small_size[axis] - 1) for axis in (0, 1))
    right, bottom = (max(round(box[axis + 2] * scale), (left, top)[axis] + 1) for axis in (0, 1))
    return small_size, (left, top, right, bottom)


def _pads(size: tuple[int, int], box: Box) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns outside of the box, as numpy's pad takes them."""
    return (box[1], size[1] - box[3]), (box[0], size[0] - box[2])


def _distance_outside(size: tuple[int, int], box: Box) -> Floats:
    """Pixels from the box's edge, (h, w); 0 inside."""
    axes = []
    for axis in (1, 0):
        place = np.arange(size[axis], dtype=np.float32)
        axes.append(np.maximum(np.maximum(box[axis] - place, place - (box[axis + 2] - 1)), 0))
    return np.hypot(axes[0][:, None], axes[1][None, :]).astype(np.float32)


def _blur_by(pixels: Floats, share: Floats, reach: float) -> Floats:
    """`pixels` blurred by an amount that grows with `share` (0 to 1), blended from four fixed blurs."""
    picture = Image.fromarray(np.rint(pixels).astype(np.uint8))
    radii = [0.0, *(reach * part for part in (0.02, 0.06, 0.15))]
    level = np.clip(share * 2, 0, 1) * (len(radii) - 1)
    result = np.zeros_like(pixels)
    for index, radius in enumerate(radii):
        layer = np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float32)
        result += layer * np.clip(1 - np.abs(level - index), 0, 1)[..., None]
    return result


def join(canvas: Canvas, painted: Image.Image, *, join_pixels: int = JOIN_PIXELS) -> Image.Image:
    """The painted canvas with the original in it bit for bit, colours matched, the seam blended outside.

    `painted` has the canvas's size and was painted all over, so that its colours at the seam can be compared.
    """
    matched = match_colours(canvas, painted)
    share = np.clip(_distance_outside(painted.size, canvas.box) / max(join_pixels, 1), 0, 1)
    weights = np.rint(share * share * (3 - 2 * share) * 255).astype(np.uint8)
    return overlay(canvas.picture, matched, Image.fromarray(weights))


def match_colours(canvas: Canvas, painted: Image.Image) -> Image.Image:
    """`painted` with the original's colours along the seam; the shift fades with distance."""
    size, box = _shrink(painted.size, canvas.box)
    wanted, got = (
        np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX), np.float32)
        for picture in (canvas.picture, painted)
    )
    band_pixels = max(2, round(MATCH_BAND_PIXELS * size[0] / painted.width))
    band = _band(size, box, band_pixels)
    shift = spread((wanted - got) * band[..., None], band)
    inner = min(box[2] - box[0], box[3] - box[1])
    fade = np.exp(-_distance_outside(size, box) / max(32.0, 0.25 * inner))[..., None]
    return shift_colours(painted, shift * fade, blur_pixels=band_pixels / 2)


def _band(size: tuple[int, int], box: Box, band_pixels: int) -> Floats:
    """1 on original pixels near the seam, else 0; the canvas's own border is no seam."""
    left, top, right, bottom = box
    band = np.zeros(size[::-1], np.float32)
    band[top:bottom, left:right] = 1
    inner_left, inner_top = (edge + band_pixels if edge else 0 for edge in (left, top))
    inner_right = right - band_pixels if right < size[0] else right
    inner_bottom = bottom - band_pixels if bottom < size[1] else bottom
    band[inner_top : max(inner_top, inner_bottom), inner_left : max(inner_left, inner_right)] = 0
    return band if band.any() else np.where(_distance_outside(size, box) == 0, 1, 0).astype(np.float32)


def shift_colours(painted: Image.Image, shift: Floats, *, blur_pixels: float) -> Image.Image:
    """`painted` with `shift` (h, w, 3; of any size, in steps of 255) added to its colours.

    Only the broad shift is added: detail of the original must not be printed into the new part.
    """
    centred = Image.fromarray(np.rint(shift.clip(-127, 127) + 128).astype(np.uint8))
    broad = centred.filter(ImageFilter.GaussianBlur(blur_pixels)).resize(
        painted.size, Image.Resampling.BICUBIC
    )
    moved = np.asarray(painted.convert("RGB"), np.int16) + np.asarray(broad)
    return Image.fromarray((moved - 128).clip(0, 255).astype(np.uint8))
