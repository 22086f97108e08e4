"""Edge maps, as the released ControlNets for edges were trained with: white lines on black (J. Canny, 1986).

Smoothed, then the gradients' strength and direction, then lines of one pixel, then those lines that are strong
somewhere. Written with numpy and Pillow alone.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_SMOOTHING_PIXELS = 1.4
# Of the strength of the gradients, in steps of grey over a pixel.
_STRONG, _WEAK = 100.0, 40.0
_MOST_GREY = 0.02  # share of an edge map that is neither nearly black nor nearly white
_MOST_LINES = 0.35


def find_edges(picture: Image.Image) -> Image.Image:
    """RGB, white edges on black, of the picture's size. A picture that is such a map already comes back as it is."""
    grey = picture.convert("L")
    if is_edge_map(grey):
        return grey.convert("RGB")
    smooth = np.asarray(grey.filter(ImageFilter.GaussianBlur(_SMOOTHING_PIXELS)), dtype=np.float32)
    across, down = _gradients(smooth)
    strength = np.hypot(across, down)
    lines = _thin(strength, across, down)
    edges = _connect_edges(lines & (strength >= _WEAK), lines & (strength >= _STRONG))
    return Image.fromarray(edges.astype(np.uint8) * 255).convert("RGB")


def is_edge_map(grey: Image.Image) -> bool:
    """Whether a picture is light lines on black and nothing else."""
    pixels = np.asarray(grey)
    between = np.mean((pixels > 64) & (pixels < 192))
    light = np.mean(pixels >= 192)
    return bool(between <= _MOST_GREY and 0 < light <= _MOST_LINES)


def _gradients(grey: Floats) -> tuple[Floats, Floats]:
    """Sobel's, rightwards and downwards; the border is mirrored."""
    padded = np.pad(grey, 1, mode="edge")
    rows = padded[:, 2:] - padded[:, :-2]
    columns = padded[2:, :] - padded[:-2, :]
    across = rows[:-2] + 2 * rows[1:-1] + rows[2:]
    down = columns[:, :-2] + 2 * columns[:, 1:-1] + columns[:, 2:]
    return across, down


def _thin(strength: Floats, across: Floats, down: Floats) -> Bools:
    """Where no neighbour along the gradient is stronger."""
    padded = np.pad(strength, 1)
    angle = np.rad2deg(np.arctan2(down, across)) % 180
    sector = np.round(angle / 45).astype(int) % 4
    height, width = strength.shape
    thin = np.zeros(strength.shape, dtype=np.bool_)
    for number, (right, below) in enumerate(((1, 0), (1, 1), (0, 1), (-1, 1))):
        ahead = padded[1 + below : 1 + below + height, 1 + right : 1 + right + width]
        behind = padded[1 - below : 1 - below + height, 1 - right : 1 - right + width]
        # Of two equal neighbours one stays.
        thin |= (sector == number) & (strength >= ahead) & (strength > behind)
    return thin


def _connect_edges(weak: Bools, strong: Bools) -> Bools:
    """The weak pixels that hang together with a strong one, diagonals too."""
    height, width = weak.shape
    edges = strong.copy()
    front = np.argwhere(strong)
    while len(front):
        around = (front[:, None, :] + _AROUND).reshape(-1, 2)
        inside = (around >= 0).all(axis=1) & (around[:, 0] < height) & (around[:, 1] < width)
        rows, columns = around[inside].T
        new = weak[rows, columns] & ~edges[rows, columns]
        front = np.unique(np.stack([rows[new], columns[new]], axis=1), axis=0)
        edges[front[:, 0], front[:, 1]] = True
    return edges


_AROUND = np.array([(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column])
