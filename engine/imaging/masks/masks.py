"""Masks: white where the picture may change, black where it comes back bit for bit."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.errors import BadImageError

Bytes = npt.NDArray[np.uint8]

MAX_FEATHER_PIXELS = 64
STRIP_ROWS = 256
# A mask that was saved in another size may be off by this share of the picture's longer side.
SHAPE_TOLERANCE = 0.01
# A softened edge is as wide as so many latent cells, and its rim changes from this share (of 255) of the steps on.
_SOFT_CELLS = 3
_LATEST = 110


def check_mask(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The mask in pure black and white (L) at `size`; raises `BadImageError` for another shape or when nothing is
    white.
    """
    if not _has_shape(mask.size, size):
        raise BadImageError(
            "other_shape",
            mask_width=mask.width,
            mask_height=mask.height,
            width=size[0],
            height=size[1],
        )
    grey = mask.convert("L") if mask.size == size else mask.convert("L").resize(size, Image.Resampling.BOX)
    pure = grey.point(lambda value: 255 if value >= 128 else 0)
    if pure.getbbox() is None:
        raise BadImageError("black_mask")
    return pure


def fit_mask(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """As `check_mask`, for an uploaded mask: one that marks the whole picture is a mistake, too."""
    pure = check_mask(mask, size)
    if pure.getextrema() == (255, 255):
        raise BadImageError("white_mask")
    return pure


def _has_shape(size: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """The same ratio of width to height, but for a pixel lost in rounding or a share of the longer side."""
    scale = max(wanted) / max(size)
    tolerance = max(scale, SHAPE_TOLERANCE * max(wanted))
    return all(abs(side * scale - target) <= tolerance for side, target in zip(size, wanted, strict=True))


def feather(mask: Image.Image, radius_pixels: int) -> Image.Image:
    """Weights that grow from the mask's edge inwards over `radius_pixels`; never above zero outside the mask.

    The border of the picture is no edge. Parts thinner than twice the radius still reach full weight in their
    middle: each pixel's distance to the edge is measured against the largest distance in its neighbourhood.
    """
    inside = np.asarray(mask.convert("L")) >= 128
    radius = min(radius_pixels, MAX_FEATHER_PIXELS)
    if radius < 2 or not inside.any():
        return Image.fromarray(np.where(inside, 255, 0).astype(np.uint8))
    depth = _depth(inside, radius)
    reach = _local_maximum(depth, radius)
    share = depth / np.maximum(reach, 1)
    smooth = share * share * (3 - 2 * share)
    return Image.fromarray(np.rint(smooth * 255).astype(np.uint8))


def cover_cells(mask: Image.Image, cell_pixels: int) -> Image.Image:
    """White over every latent cell of which any pixel is white: the denoiser cannot change parts of a cell."""
    return whitest(mask.point(lambda value: 255 if value else 0), cell_pixels)


def whitest(mask: Image.Image, cell_pixels: int) -> Image.Image:
    """Each latent cell as white as its whitest pixel; sides are multiples of `cell_pixels`."""
    values = np.asarray(mask.convert("L"))
    height, width = values.shape
    cells = values.reshape(height // cell_pixels, cell_pixels, width // cell_pixels, cell_pixels)
    grown = np.repeat(np.repeat(cells.max(axis=(1, 3)), cell_pixels, axis=0), cell_pixels, axis=1)
    return Image.fromarray(grown)


def soften(mask: Image.Image, cell_pixels: int) -> Image.Image:
    """White as before but grey towards the edge, over three cells: there the picture changes only in late steps."""
    weights = np.asarray(feather(mask, _SOFT_CELLS * cell_pixels), np.float32)
    values = np.where(weights > 0, _LATEST + (255 - _LATEST) * weights / 255, 0)
    return Image.fromarray(np.rint(values).astype(np.uint8))


def overlay(original: Image.Image, painted: Image.Image, weights: Image.Image) -> Image.Image:
    """`painted` where weights are 255, `original` bit for bit where they are 0, a blend between."""
    if not original.size == painted.size == weights.size:
        raise ValueError(f"sizes differ: {original.size}, {painted.size}, {weights.size}")
    under, over = (np.asarray(picture.convert("RGB")) for picture in (original, painted))
    weight = np.asarray(weights.convert("L"))
    blended = np.empty_like(under)
    for top in range(0, len(under), STRIP_ROWS):
        rows = slice(top, top + STRIP_ROWS)
        share = weight[rows, :, None].astype(np.uint16)  # 255 × 255 + 127 fits
        blended[rows] = (under[rows] * (255 - share) + over[rows] * share + 127) // 255
    return Image.fromarray(blended)


def _depth(inside: npt.NDArray[np.bool_], radius: int) -> Bytes:
    """Steps from each pixel to the outside, at most `radius`; every second step goes diagonally, too."""
    depth = np.zeros(inside.shape, np.uint8)
    layer = inside.astype(np.uint8)
    for step in range(radius):
        depth += layer
        layer = _neighbours(layer, np.minimum, diagonal=step % 2 == 1)
    return depth


def _local_maximum(depth: Bytes, radius: int) -> Bytes:
    """The largest depth within `radius` steps that do not leave the mask."""
    inside = depth > 0
    reach = depth
    for _ in range(radius):
        reach = _neighbours(reach, np.maximum, diagonal=True) * inside
    return reach


def _neighbours(values: Bytes, combine: np.ufunc, *, diagonal: bool) -> Bytes:
    """Each pixel combined with its 4 or 8 neighbours; beyond the border the border repeats."""
    padded = np.pad(values, 1, mode="edge")
    rows = combine(combine(padded[:-2, 1:-1], padded[2:, 1:-1]), values)
    if not diagonal:
        return np.asarray(combine(combine(padded[1:-1, :-2], padded[1:-1, 2:]), rows))
    columns = np.pad(rows, ((0, 0), (1, 1)), mode="edge")
    return np.asarray(combine(combine(columns[:, :-2], columns[:, 2:]), rows))
