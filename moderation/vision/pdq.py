"""PDQ, a perceptual hash of 256 bits for finding copies of a picture.

After Facebook's "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm" (2019): a
tent-like blur, 64×64 samples, a 16×16 cosine transform, and one bit for each coefficient above the median.
The bits and their order are those of the reference implementation, so that lists may be exchanged.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BITS = 256
SAME_BITS = 31  # at most so many different bits: the same picture
USABLE_QUALITY = 50  # below this a picture has too little detail to be told from others
_LARGE_PIXELS = 512  # pictures with twice this are made smaller first
_SAMPLES = 64
_TURNED_PIXELS = 256  # the hash samples fewer
_SMALL_TURNS = (-2, -1, 1, 2)  # degrees
_COEFFICIENTS = 16
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pdq:
    """`bits` as one number of 256 bits; `quality` from 0 to 100."""

    bits: int
    quality: int

    @property
    def hex(self) -> str:
        return f"{self.bits:064x}"


def pdq(image: Image.Image) -> Pdq:
    return _hash(_samples(image))[0]


def pdq_with_flips(image: Image.Image) -> list[Pdq]:
    """The hashes of the picture and of its seven turned and mirrored copies, the picture itself first."""
    return _hash(_samples(image), flips=True)


def pdq_of_turns(image: Image.Image) -> list[Pdq]:
    """The hashes of the picture and its mirror image turned back by one and two degrees.

    A copy that was turned lacks its corners, or its borders if it was cropped to fill the frame. Each angle is tried
    for both, with the picture's own pixels where something is missing, so the hashes only come near the original's.
    """
    small = image.convert("RGB")
    small.thumbnail((_TURNED_PIXELS, _TURNED_PIXELS), Image.Resampling.BOX)
    views = (small, small.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    return [
        pdq(_turn(view, degrees, filled=filled))
        for view in views
        for degrees in _SMALL_TURNS
        for filled in (False, True)
    ]


def _turn(image: Image.Image, degrees: int, *, filled: bool) -> Image.Image:
    """`filled`: also widen the frame by what was cut off to fill it."""
    width, height = image.size
    angle = math.radians(degrees)
    across, up = width / 2, height / 2
    scale = 1.0
    if filled:
        scale = math.cos(angle) + abs(math.sin(angle)) * max(width, height) / min(width, height)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    matrix = (
        *(cos, sin, across - cos * across - sin * up),
        *(-sin, cos, up + sin * across - cos * up),
    )
    turned = image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    inside = Image.new("L", image.size, 255).transform(image.size, Image.Transform.AFFINE, matrix)
    return Image.composite(turned, image, inside)


def distance(one: int, other: int) -> int:
    """How many of the 256 bits differ."""
    return (one ^ other).bit_count()


def _samples(image: Image.Image) -> Floats:
    """64×64 brightness values in [0, 255] of the blurred picture."""
    if (shrink := max(image.size) // _LARGE_PIXELS) > 1:
        image = image.reduce(shrink)  # the blur leaves nothing of the detail that is lost here
    pixels = np.asarray(image.convert("RGB"), np.float32) @ _LUMA
    rows, columns = pixels.shape
    samples: Floats = _sampling(rows) @ pixels @ _sampling(columns).T
    return samples


@lru_cache(maxsize=32)
def _sampling(length: int) -> Floats:
    """64×length: what each sample takes of a line, which is twice a running mean and then every so manieth value.

    At the borders the running mean is that of what is there.
    """
    window = (length + 2 * _SAMPLES - 1) // (2 * _SAMPLES)
    ahead = (window + 2) // 2
    place = np.arange(length)
    first, last = np.clip(place - (window - ahead), 0, length), np.clip(place + ahead, 0, length)
    inside = (place[None, :] >= first[:, None]) & (place[None, :] < last[:, None])
    mean = inside / (last - first)[:, None]
    sampled = ((np.arange(_SAMPLES) + 0.5) * length / _SAMPLES).astype(int)
    return np.asarray(mean[sampled] @ mean, np.float32)


def _hash(samples: Floats, *, flips: bool = False) -> list[Pdq]:
    quality = _quality(samples)
    transform = _transform()
    wave: Floats = (transform @ samples @ transform.T).astype(np.float32)
    alternating = np.where(np.arange(_COEFFICIENTS) % 2, 1.0, -1.0).astype(np.float32)
    down: Floats = wave * alternating[:, None]
    across: Floats = wave * alternating[None, :]
    both: Floats = down * alternating[None, :]
    views = [wave, down, across, both, wave.T, down.T, across.T, both.T] if flips else [wave]
    return [Pdq(_bits(view), quality) for view in views]


def _bits(wave: Floats) -> int:
    ordered = (wave > np.median(wave)).ravel()[::-1]
    return int.from_bytes(np.packbits(ordered).tobytes(), "big")


def _quality(samples: Floats) -> int:
    """How much the picture changes from sample to sample, in 0 to 100."""
    total = sum(int(np.abs((np.diff(samples, axis=axis) * 100 / 255).astype(int)).sum()) for axis in (0, 1))
    return min(100, total // 90)


def _transform() -> Floats:
    """The first 16 waves after the constant one, over 64 samples: 16×64."""
    wave = np.arange(1, _COEFFICIENTS + 1)[:, None] * (2 * np.arange(_SAMPLES)[None, :] + 1)
    transform: Floats = (np.sqrt(2 / _SAMPLES) * np.cos(np.pi / (2 * _SAMPLES) * wave)).astype(np.float32)
    return transform
