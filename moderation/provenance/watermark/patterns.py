"""The patterns of the mark: small square tiles that repeat over the whole picture.

A picture is folded onto one tile, place by place. Cropping then only shifts the tile, and wherever the crop begins,
every repetition still adds up. The side is no multiple of eight, so that JPEG's blocks fall differently in each tile.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from moderation.provenance.watermark.convolutional_code import Floats
from moderation.provenance.watermark.payload import CODED_BITS

SIDE = 63
# Waves a pixel. Coarser ones drown in the picture, finer ones are lost at half the size and in JPEG.
COARSEST, FINEST = 0.05, 0.2
_SEED = 20_261_123

Complex = NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class Tiles:
    """Patterns of SIDE×SIDE with mean square 1, at right angles to each other.

    `pilot` tells where a tile begins. `carriers` hold one coded bit each, as the waves that they are made of: an
    eighth of the numbers that they have as patterns.
    """

    pilot: Floats
    carriers: Floats

    def weave(self, bits: Floats, pilot: float) -> Floats:
        """The tile of these soft bits and so much of the pilot: SIDE×SIDE."""
        return _pattern(bits @ self.carriers) + pilot * self.pilot

    def correlations(self, folded: Floats) -> Floats:
        """How strongly tiles, …×SIDE×SIDE, hold each coded bit: …×CODED_BITS."""
        correlations: Floats = _waves(folded) @ self.carriers.T
        return correlations


@cache
def default_tiles() -> Tiles:
    """The same in every instance: a mark is no secret."""
    noise = np.random.default_rng(_SEED).standard_normal((CODED_BITS + 1, SIDE, SIDE))
    in_band = np.fft.ifft2(np.fft.fft2(noise) * _band()).real.reshape(CODED_BITS + 1, -1)
    patterns = (np.linalg.qr(in_band.T)[0].T * SIDE).astype(np.float32)
    return Tiles(patterns[0].reshape(SIDE, SIDE), _waves(patterns[1:].reshape(-1, SIDE, SIDE)))


def fold(canvas: Floats) -> Floats:
    """The mean of all places of a canvas that fall on the same place of the tile: SIDE×SIDE."""
    height, width = canvas.shape
    whole = np.zeros((-(-height // SIDE) * SIDE, -(-width // SIDE) * SIDE), np.float32)
    whole[:height, :width] = canvas
    sums = whole.reshape(-1, SIDE, whole.shape[1] // SIDE, SIDE).sum(axis=(0, 2))
    folded: Floats = sums / np.float32(max(1, canvas.size / SIDE**2))
    return folded


def tile_canvas(tile: Floats, shape: tuple[int, int]) -> Floats:
    """The tile over a canvas of this height and width, from the upper left corner on."""
    rows, columns = (-(-size // SIDE) for size in shape)
    return np.tile(tile, (rows, columns))[: shape[0], : shape[1]]


@cache
def _pilot_waves() -> Complex:
    return np.conj(np.fft.fft2(default_tiles().pilot)).astype(np.complex64)


def pilot_places(folded: Floats, most: int) -> tuple[NDArray[np.intp], Floats]:
    """Where the tile may begin, likeliest first: flat indices, and each one's height in standard deviations."""
    heights = np.fft.ifft2(np.fft.fft2(folded) * _pilot_waves()).real.ravel()
    places = np.argpartition(heights, -most)[-most:]
    places = places[np.argsort(heights[places])[::-1]]
    spread = max(float(heights.std()), 1e-9)
    return places, ((heights[places] - heights.mean()) / spread).astype(np.float32)


def _waves(patterns: Floats) -> Floats:
    """…×SIDE×SIDE to the waves in the band, real parts and then imaginary ones; scalar products stay what they are."""
    waves = np.fft.rfft2(patterns)[..., _half_band()] * _weights()
    parts: Floats = np.concatenate([waves.real, waves.imag], axis=-1).astype(np.float32, copy=False)
    return parts


def _pattern(waves: Floats) -> Floats:
    """Back from `_waves`: SIDE×SIDE."""
    spectrum = np.zeros((SIDE, SIDE // 2 + 1), np.complex64)
    real, imaginary = np.split(waves, 2)
    spectrum[_half_band()] = (real + 1j * imaginary) / _weights()
    return np.fft.irfft2(spectrum, (SIDE, SIDE)).astype(np.float32, copy=False)


@cache
def _weights() -> Floats:
    """By Parseval's theorem. All but the waves that only go down stand for two of the whole transform."""
    across = np.nonzero(_half_band())[1]
    return (np.where(across > 0, np.sqrt(2), 1) / SIDE).astype(np.float32)


@cache
def _half_band() -> NDArray[np.bool_]:
    """The band in the half of a transform that says everything of a real pattern."""
    return _band()[:, : SIDE // 2 + 1]


def _band() -> NDArray[np.bool_]:
    waves = np.fft.fftfreq(SIDE)
    distance = np.hypot(waves[:, None], waves[None, :])
    band: NDArray[np.bool_] = (distance >= COARSEST) & (distance <= FINEST)
    return band
