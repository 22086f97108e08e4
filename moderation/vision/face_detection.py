"""Whether a picture shows a face: photographed, painted or drawn, large or small.

The network is BlazeFace for the back camera, 256×256 (Bazarevsky and others, 2019; MediaPipe, Apache-2.0). Each of its
896 anchors says how likely a face is there, and where. What looks like a face is looked at again, close up.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from moderation.vision.onnx_model import OnnxNetwork

Floats = NDArray[np.float32]

SURE = 0.68  # mean of both looks from which on it is a face
_WORTH_A_LOOK = 0.35
_SIDE_PIXELS = 256
_GRIDS = ((16, 2), (8, 6))  # cells a side, anchors a cell
_MARGIN = 0.15  # of the longer side around the picture: the network misses faces that fill it
_TILED_FROM_PIXELS = 512  # longer pictures are also looked at in four parts
_MOST_PIXELS = 1536  # of the longer side that is looked at
_TILE, _TILE_STARTS = 0.55, (0.04, 0.41)  # of the square's side
_CLOSE_UP = 2.0  # the second look's side, in faces


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceCandidate:
    """Where a face may be: centre and size in shares of the square that was looked at."""

    chance: float
    x: float
    y: float
    size: float


class FaceFinder:
    def __init__(self, path: Path) -> None:
        self._network = OnnxNetwork(path)

    @classmethod
    def load_bundled(cls) -> "FaceFinder":
        return cls(Path(str(resources.files("moderation.weights").joinpath("faces.onnx"))))

    def certainty(self, image: Image.Image) -> float:
        """In [0, 1]: how surely an RGB picture shows at least one face."""
        if max(image.size) > _MOST_PIXELS:
            image = image.resize([max(1, side * _MOST_PIXELS // max(image.size)) for side in image.size])
        square = _square(image)
        best = 0.0
        for left, top, side in _views(square.width, tiled=max(image.size) >= _TILED_FROM_PIXELS):
            guess = self._look(square.crop((left, top, left + side, top + side)))
            if guess.chance >= _WORTH_A_LOOK:
                reach = max(guess.size * side * _CLOSE_UP / 2, 8.0)
                x, y = left + guess.x * side, top + guess.y * side
                close = square.crop((int(x - reach), int(y - reach), int(x + reach), int(y + reach)))
                best = max(best, (guess.chance + self._look(close).chance) / 2)
        return best

    def _look(self, square: Image.Image) -> FaceCandidate:
        """The likeliest face."""
        small = square.resize((_SIDE_PIXELS, _SIDE_PIXELS), Image.Resampling.BILINEAR)
        outputs = self._network.run((np.asarray(small, np.float32) / np.float32(127.5) - 1)[None])
        scores = np.concatenate([outputs[0][0, :, 0], outputs[1][0, :, 0]])
        boxes = np.concatenate([outputs[2][0], outputs[3][0]])
        best = int(scores.argmax())
        across, down, width, height = (float(coordinate) / _SIDE_PIXELS for coordinate in boxes[best, :4])
        x, y = _anchors()[best]
        chance = float(1 / (1 + np.exp(-scores[best])))
        return FaceCandidate(chance=chance, x=float(x) + across, y=float(y) + down, size=max(width, height))


@cache
def house_finder() -> FaceFinder:
    """One for the process, however many gates there are."""
    return FaceFinder.load_bundled()


@cache
def _anchors() -> Floats:
    """896×2: the centres of the anchors, in shares of the side."""
    centres = [
        ((column + 0.5) / cells, (row + 0.5) / cells)
        for cells, count in _GRIDS
        for row in range(cells)
        for column in range(cells)
        for _ in range(count)
    ]
    return np.array(centres, np.float32)


def _square(image: Image.Image) -> Image.Image:
    """The picture in the middle of a black square, with a margin."""
    side = int(max(image.size) * (1 + 2 * _MARGIN))
    square = Image.new("RGB", (side, side))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


def _views(side: int, *, tiled: bool) -> list[tuple[int, int, int]]:
    """Left, top and side of the squares to look at."""
    starts = [int(side * start) for start in _TILE_STARTS] if tiled else []
    return [(0, 0, side), *((left, top, int(side * _TILE)) for left in starts for top in starts)]
