"""A picture as the mark sees it: its brightness at one size, without what the mark does not use."""

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from moderation.provenance.watermark.convolutional_code import Floats
from moderation.provenance.watermark.patterns import COARSEST, FINEST, fold

# From this on a picture's shorter side is halved until below twice of it: a larger picture has a coarser mark.
_SHORTER_SIDE_PIXELS = 384
_MARGIN_PIXELS = 16
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LEVEL = 0.9  # so that a change of 1 counts for about a third
_LOUDEST = 2.5
_CALM = 0.3  # grey levels, so that flat paper does not count for more than it shows
_FINEST_USED = 1.1 * FINEST

Places = NDArray[np.intp]


def unit_of(size: tuple[int, int]) -> int:
    """How many pixels of a picture make one of its canvas: 1, 2, 4 …"""
    unit = 1
    while min(size) // unit >= 2 * _SHORTER_SIDE_PIXELS:
        unit *= 2
    return unit


def at_scale(picture: Image.Image, scale: float) -> Image.Image:
    if scale == 1:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)


def brightness(picture: Image.Image) -> Floats:
    """0 to 255, height×width."""
    if picture.mode == "L":
        return np.asarray(picture, np.float32)
    luma: Floats = np.asarray(picture.convert("RGB"), np.float32) @ _LUMA
    return luma


def fold_equalized(canvas: Floats) -> Floats:
    """The canvas, equalized and folded onto one tile."""
    return fold(equalize(canvas))


def equalize(canvas: Floats) -> Floats:
    """Only the frequencies that the mark uses, and busy places no louder than calm ones."""
    waves = _waves(canvas)
    return _level(waves, _bustle(waves))


def fold_with_capacity(canvas: Floats) -> tuple[Floats, Floats]:
    """What `fold_equalized` gives, and how much of a change each place hides, from 0.5 to 2.5."""
    waves = _waves(canvas)
    bustle = _bustle(waves)
    return fold(_level(waves, bustle)), np.clip(0.5 + bustle / 4, 0.5, 2.5)


def _level(waves: Floats, bustle: Floats) -> Floats:
    return np.clip(waves / (bustle + _CALM), -_LOUDEST, _LOUDEST)


def _waves(canvas: Floats) -> Floats:
    """The canvas, continued beyond its edges by its mirror image, through the sieve.

    A transform in two dimensions is one along the rows and one along the columns. Mirrored rows have the transforms of
    those they mirror, and of the columns most are left out: only the few that the sieve lets through are transformed.
    """
    height, width = canvas.shape
    rows, columns = _mirror_indices(height), _mirror_indices(width)
    sieve = _sieve((rows.size, columns.size))
    across = np.fft.rfft(canvas.take(columns, axis=1), axis=1)[:, : sieve.shape[1]].take(rows, axis=0)
    filtered = np.fft.ifft(np.fft.fft(across, axis=0) * sieve, axis=0)
    inside = filtered[_MARGIN_PIXELS : _MARGIN_PIXELS + height]
    waves = np.fft.irfft(inside, columns.size, axis=1)[:, _MARGIN_PIXELS : _MARGIN_PIXELS + width]
    return waves.astype(np.float32, copy=False)


@lru_cache(maxsize=32)
def _mirror_indices(length: int) -> Places:
    """Where each pixel of a line with margins comes from: as long as a Fourier transform is quick."""
    longer = _fast_length(length + 2 * _MARGIN_PIXELS)
    margins = (_MARGIN_PIXELS, longer - length - _MARGIN_PIXELS)
    return np.pad(np.arange(length), margins, mode="reflect")


@cache
def _fast_length(least: int) -> int:
    """The next length of which a Fourier transform is quick: no prime factor above five."""
    length = least
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1


@lru_cache(maxsize=8)
def _sieve(shape: tuple[int, int]) -> Floats:
    """The frequencies that the mark uses, the finer ones raised as steeply as pictures have less of them.

    Without the columns on the right of which none is used.
    """
    down, across = np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1])
    across = across[across < _FINEST_USED]
    distance = np.hypot(down[:, None], across[None, :])
    rise = np.clip(distance / (0.4 * COARSEST) - 2, 0, 1)
    fall = np.clip((_FINEST_USED - distance) / (0.2 * FINEST), 0, 1)
    sieve: Floats = (_LEVEL * rise * fall * (distance / FINEST) ** 2).astype(np.float32)
    return sieve


def _bustle(waves: Floats) -> Floats:
    """The standard deviation around each place."""
    height, width = waves.shape
    squares = Image.fromarray(waves * waves)
    coarse = squares.resize((max(1, width // 8), max(1, height // 8)), Image.Resampling.BOX)
    around = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    deviation: Floats = np.sqrt(np.maximum(around, 0))
    return deviation
