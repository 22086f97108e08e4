"""Larger canvases: where the picture goes, what starts in the new part, and how the two are joined again."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from engine.pictures.fill import Floats, near, spread
from engine.pictures.masks import overlay
from studio.errors import BadParameter
from studio.requests import Margins

GRID_PIXELS = 8
MAX_SIDE_PIXELS = 4096
SIDES = ("left", "top", "right", "bottom")
JOIN_PIXELS = 24
# Original pixels next to the seam whose colours are compared with their painted counterparts.
MATCH_BAND_PIXELS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A picture on a larger canvas.

    `picture` is RGB with a guess in the new part; `mask` is mode L, 255 where the canvas is new;
    `box` is (left, top, right, bottom) of the original.
    """

    picture: Image.Image
    mask: Image.Image
    box: tuple[int, int, int, int]


def margins_for_sides(size: tuple[int, int], sides: Collection[str], amount_percent: int) -> Margins:
    """`amount_percent` of the picture's width or height on each named side; on all four if none is named."""
    if unknown := sorted(set(sides) - set(SIDES)):
        raise BadParameter("sides", f"{unknown[0][:16]} is no side; use {', '.join(SIDES)}.")
    if amount_percent < 1:
        raise BadParameter("amount", "must be at least 1 percent.")
    width, height = size
    wanted = set(sides) or set(SIDES)
    wide, tall = (max(1, round(side * amount_percent / 100)) for side in (width, height))
    return snap(
        size,
        Margins(
            left=wide if "left" in wanted else 0,
            top=tall if "top" in wanted else 0,
            right=wide if "right" in wanted else 0,
            bottom=tall if "bottom" in wanted else 0,
        ),
    )


def margins_for_aspect(size: tuple[int, int], aspect: tuple[int, int]) -> Margins:
    """The smallest margins, equal on both sides, that give the picture this ratio of width to height."""
    width, height = size
    ratio = aspect[0] / aspect[1]
    new_width = max(width, round(height * ratio))
    new_height = max(height, round(width / ratio))
    wide, tall = new_width - width, new_height - height
    if wide + tall < GRID_PIXELS:
        raise BadParameter("aspect", f"the picture already is {aspect[0]}:{aspect[1]}; choose another.")
    return snap(size, Margins(left=wide // 2, top=tall // 2, right=wide - wide // 2, bottom=tall - tall // 2))


def snap(size: tuple[int, int], margins: Margins) -> Margins:
    """Margins grown so that the canvas has multiples of 8; raises `BadParameter` when it gets too large."""
    left, right = _snap_pair(size[0], margins.left, margins.right)
    top, bottom = _snap_pair(size[1], margins.top, margins.bottom)
    width, height = size[0] + left + right, size[1] + top + bottom
    if max(width, height) > MAX_SIDE_PIXELS:
        raise BadParameter(
            "amount",
            f"the canvas would be {width}×{height} pixels, and at most {MAX_SIDE_PIXELS} a side are allowed.",
        )
    return Margins(left=left, top=top, right=right, bottom=bottom)


def _snap_pair(length: int, before: int, after: int) -> tuple[int, int]:
    """The missing pixels go to the side that grows anyway, to the far side when neither or both do."""
    missing = -(length + before + after) % GRID_PIXELS
    return (before + missing, after) if before and not after else (before, after + missing)


def expand(picture: Image.Image, margins: Margins) -> Canvas:
    """The picture on its new canvas; original pixels unchanged, new ones a guess that continues them."""
    width = margins.left + picture.width + margins.right
    height = margins.top + picture.height + margins.bottom
    box = (margins.left, margins.top, margins.left + picture.width, margins.top + picture.height)
    mask = Image.new("L", (width, height), 255)
    mask.paste(0, box)
    original = picture.convert("RGB")
    filled = _guess(np.asarray(original, np.float32), margins)
    filled.paste(original, box)
    return Canvas(picture=filled, mask=mask, box=box)


def _guess(pixels: Floats, margins: Margins) -> Image.Image:
    """The picture mirrored at its edges, ever more blurred with distance, drifting to the colours around."""
    pads = ((margins.top, margins.bottom), (margins.left, margins.right))
    mirrored = np.pad(pixels, (*pads, (0, 0)), mode="symmetric")
    distance = _distance_outside(pixels.shape[:2], pads)
    reach = max(16.0, 0.35 * min(pixels.shape[:2]))
    smooth = spread(np.pad(pixels, (*pads, (0, 0))), near(distance > 0))
    share = np.clip(distance / reach, 0, 1)[..., None]
    blended = _blur_by(mirrored, share[..., 0], reach) * (1 - share) + smooth * share
    return Image.fromarray(np.rint(blended.clip(0, 255)).astype(np.uint8))


def _distance_outside(shape: tuple[int, ...], pads: tuple[tuple[int, int], tuple[int, int]]) -> Floats:
    """Pixels from the original's edge, (h, w); 0 inside."""
    axes = []
    for length, (before, after) in zip(shape, pads, strict=True):
        place = np.arange(-before, length + after, dtype=np.float32)
        axes.append(np.maximum(np.maximum(-place, place - (length - 1)), 0))
    return np.hypot(axes[0][:, None], axes[1][None, :]).astype(np.float32)


def _blur_by(pixels: Floats, share: Floats, reach: float) -> Floats:
    """`pixels` blurred by an amount that grows with `share` (0 to 1), blended from four fixed blurs."""
    picture = Image.fromarray(np.rint(pixels).astype(np.uint8))
    radii = [0.0, *(reach * part for part in (0.02, 0.06, 0.15))]
    layers = [np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float32) for radius in radii]
    level = np.clip(share * 2, 0, 1) * (len(layers) - 1)
    result = np.zeros_like(pixels)
    for index, layer in enumerate(layers):
        result += layer * np.clip(1 - np.abs(level - index), 0, 1)[..., None]
    return result


def join(canvas: Canvas, painted: Image.Image, *, join_pixels: int = JOIN_PIXELS) -> Image.Image:
    """The painted canvas with the original in it bit for bit, colours matched, the seam blended outside.

    `painted` has the canvas's size and was painted all over, so that its colours at the seam can be compared.
    """
    matched = match_colours(canvas, painted)
    left, top, right, bottom = canvas.box
    pads = ((top, painted.height - bottom), (left, painted.width - right))
    distance = _distance_outside((bottom - top, right - left), pads)
    share = np.clip(distance / max(join_pixels, 1), 0, 1)
    weights = np.rint(share * share * (3 - 2 * share) * 255).astype(np.uint8)
    return overlay(canvas.picture, matched, Image.fromarray(weights))


def match_colours(canvas: Canvas, painted: Image.Image) -> Image.Image:
    """`painted` with the original's colours along the seam; the shift fades with distance."""
    left, top, right, bottom = canvas.box
    wanted = np.asarray(canvas.picture, np.float32)
    got = np.asarray(painted.convert("RGB"), np.float32)
    band = _band(canvas, got.shape[:2])
    shift = spread((wanted - got) * band[..., None], band)
    pads = ((top, painted.height - bottom), (left, painted.width - right))
    distance = _distance_outside((bottom - top, right - left), pads)
    fade = np.exp(-distance / max(32.0, 0.25 * min(bottom - top, right - left)))[..., None]
    smooth = np.asarray(_blur_shift(shift), np.float32)
    return Image.fromarray(np.rint((got + smooth * fade).clip(0, 255)).astype(np.uint8))


def _band(canvas: Canvas, shape: tuple[int, ...]) -> Floats:
    """1 on original pixels near the seam, else 0; the canvas's own border is no seam."""
    left, top, right, bottom = canvas.box
    inner = [
        left + (MATCH_BAND_PIXELS if left else 0),
        top + (MATCH_BAND_PIXELS if top else 0),
        right - (MATCH_BAND_PIXELS if right < shape[1] else 0),
        bottom - (MATCH_BAND_PIXELS if bottom < shape[0] else 0),
    ]
    band = np.zeros(shape, np.float32)
    band[top:bottom, left:right] = 1
    if inner[0] < inner[2] and inner[1] < inner[3]:
        band[inner[1] : inner[3], inner[0] : inner[2]] = 0
    return band


def _blur_shift(shift: Floats) -> npt.NDArray[np.float32]:
    """Only the broad difference counts: detail of the original must not be printed into the new part."""
    channels = []
    for channel in range(3):
        plane = Image.fromarray(np.rint(shift[..., channel].clip(-127, 127) + 128).astype(np.uint8))
        channels.append(
            np.asarray(plane.filter(ImageFilter.GaussianBlur(MATCH_BAND_PIXELS / 2)), np.float32) - 128
        )
    return np.stack(channels, axis=-1)
