"""A cell of a mural between its neighbours: the canvas around it, and how the painted cell joins them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from engine.imaging.canvas.colour_transfer import move_colours
from engine.imaging.canvas.infill import Floats, near, spread
from engine.imaging.canvas.outpaint_canvas import JOIN_PIXELS, shift_colours
from engine.imaging.masks.masks import overlay
from studio.domain.sizing.canvases import Box

# From a neighbour's place, in cells to the right and down, to its picture.
Neighbours = Mapping[tuple[int, int], Image.Image]
SIDES = ((-1, 0), (0, -1), (1, 0), (0, 1))
# How far a cell's colours move to those of the first one: the whole way would make all cells one picture.
TONE_REACH = 1 / 3
# Painted colours at the seam may be off by so much; what differs more is another thing.
_MOST_SHIFT = 48.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCanvas:
    """`picture` is RGB: half of each neighbour, a guess elsewhere; `mask` (L) is 255 where nothing is known.

    `box` is the cell's place on it, in pixels.
    """

    picture: Image.Image
    mask: Image.Image
    box: Box


def surround(size: tuple[int, int], neighbours: Neighbours) -> CellCanvas:
    """A cell of `size` with half a cell of each neighbour around it. Neighbours are scaled to `size`."""
    width, height = size
    fitted = {place: ImageOps.fit(image.convert("RGB"), size) for place, image in neighbours.items()}
    left, top, right, bottom = (
        length // 2 if side in fitted else 0
        for side, length in zip(SIDES, (width, height, width, height), strict=True)
    )
    canvas = Image.new("RGB", (left + width + right, top + height + bottom))
    mask = Image.new("L", canvas.size, 255)
    for (across, down), image in fitted.items():
        corner = left + across * width, top + down * height
        canvas.paste(image, corner)
        mask.paste(0, (*corner, corner[0] + width, corner[1] + height))
    box = (left, top, left + width, top + height)
    unknown = np.asarray(mask) > 0
    pixels = np.asarray(canvas, np.float32)
    smooth = _to_image(spread(pixels, near(unknown))) if not unknown.all() else canvas
    canvas = Image.composite(smooth, canvas, mask)
    canvas.paste(_mirror(size, fitted, smooth.crop(box)), box[:2])
    return CellCanvas(picture=canvas, mask=mask, box=box)


def join(canvas: CellCanvas, painted: Image.Image, *, tone: Image.Image | None) -> Image.Image:
    """The cell, cut out of what was painted all over the canvas.

    Its colours go a third of the way to those of `tone`, and at the seams they are those of the neighbours, whose
    mirrored pixels it begins with.
    """
    toned = _with_tone(canvas, painted, tone)
    unknown = np.asarray(canvas.mask) > 0
    if unknown.all():
        return toned.crop(canvas.box)
    matched = _match(canvas, toned, unknown).crop(canvas.box)
    depth = _depth(canvas)
    share = np.clip(depth / JOIN_PIXELS, 0, 1)
    weights = Image.fromarray(np.rint(255 * share * share * (3 - 2 * share)).astype(np.uint8))
    return overlay(canvas.picture.crop(canvas.box), matched, weights)


def _with_tone(canvas: CellCanvas, painted: Image.Image, tone: Image.Image | None) -> Image.Image:
    if tone is None:
        return painted
    sample = painted.crop(canvas.box)
    return move_colours(painted, [(tone, 1.0)], reach=(TONE_REACH,) * 3, sample=sample)


def _match(canvas: CellCanvas, painted: Image.Image, unknown: np.ndarray) -> Image.Image:
    """`painted` with the colours of the neighbours next to them; the shift fades with distance."""
    band = near(unknown)
    wanted, got = (np.asarray(picture, np.float32) for picture in (canvas.picture, painted))
    shift = spread((wanted - got) * band[..., None], band).clip(-_MOST_SHIFT, _MOST_SHIFT)
    fade = np.zeros(unknown.shape, np.float32)
    left, top, right, bottom = canvas.box
    inner = min(right - left, bottom - top)
    fade[top:bottom, left:right] = np.exp(-_depth(canvas) / (0.25 * inner))
    return shift_colours(painted, shift * fade[..., None], blur_pixels=max(2.0, inner / 64))


def _depth(canvas: CellCanvas) -> Floats:
    """Pixels from the next neighbour, (h, w) of the cell; 0 beside it."""
    left, top, right, bottom = canvas.box
    width, height = right - left, bottom - top
    axes = (
        _depth_along(width, before=left > 0, after=right < canvas.picture.width)[None, :],
        _depth_along(height, before=top > 0, after=bottom < canvas.picture.height)[:, None],
    )
    return np.asarray(np.minimum(*axes), np.float32)


def _depth_along(length: int, *, before: bool, after: bool) -> Floats:
    place = np.arange(length, dtype=np.float32)
    far = np.full(length, np.inf, np.float32)
    return np.minimum(place if before else far, place[::-1] if after else far)


def _mirror(size: tuple[int, int], fitted: Neighbours, smooth: Image.Image) -> Image.Image:
    """Each neighbour mirrored into the cell, the nearer the more; further inside, what is around without details."""
    width, height = size
    across, down = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    depths = dict(zip(SIDES, (across, down, across[:, ::-1], down[::-1]), strict=True))
    inside = np.asarray(smooth, np.float32)
    reach = 0.35 * min(size)
    total, weights = np.zeros_like(inside), np.zeros((height, width, 1), np.float32)
    nearest = np.full((height, width), np.inf, np.float32)
    for side in [side for side in SIDES if side in fitted]:
        image = fitted[side]
        mirrored = ImageOps.mirror(image) if side[0] else ImageOps.flip(image)
        depth = np.broadcast_to(depths[side], (height, width))
        weight = (1 / (depth + 0.25) ** 2)[..., None]
        total += np.asarray(mirrored, np.float32) * weight
        weights += weight
        nearest = np.minimum(nearest, depth)
    share = np.clip(nearest / reach, 0, 1)[..., None]
    mirrored_all = np.where(weights > 0, total / np.maximum(weights, 1e-9), inside)
    return _to_image(mirrored_all * (1 - share) + inside * share)


def _to_image(values: Floats) -> Image.Image:
    return Image.fromarray(np.rint(values.clip(0, 255)).astype(np.uint8))


def measure_seams(mural: Image.Image, cell: tuple[int, int]) -> tuple[float, float]:
    """The mean step between pixels across the borders of cells, and that one pixel beside them, from 0 to 255.

    `cell` is width and height of a cell in pixels.
    """
    pixels = np.asarray(mural.convert("RGB"), np.float32)
    borders, inside = [], []
    for axis, length in ((1, cell[0]), (0, cell[1])):
        steps = np.abs(np.diff(pixels, axis=axis)).mean(axis=2)
        for border in range(length, pixels.shape[axis], length):
            borders.append(np.take(steps, border - 1, axis=axis))
            inside += [np.take(steps, border + offset, axis=axis) for offset in (-2, 0)]
    return float(np.concatenate(borders).mean()), float(np.concatenate(inside).mean())
