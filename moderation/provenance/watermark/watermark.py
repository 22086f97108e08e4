"""The invisible mark: a picture's id in its brightness, in many repetitions.

A spread-spectrum mark in the manner of Cox et al., "Secure spread spectrum watermarking for multimedia" (IEEE
Transactions on Image Processing, 1997), in tiles that find themselves again as in Kutter's "Watermarking resisting
to translation, rotation, and scaling" (SPIE 1998), and informed by the picture it goes into as in Malvar and
Florêncio's "Improved spread spectrum" (IEEE Transactions on Signal Processing, 2003). Here it is also rehearsed:
each picture gets as little of it as survives a crop and JPEG.
"""

import io
from bisect import bisect_left

import numpy as np
from PIL import Image

from moderation.provenance.watermark.convolutional_code import Floats
from moderation.provenance.watermark.lattice_detection import (
    Lattice,
    autocorrelation,
    likely_periods,
    likely_turns,
)
from moderation.provenance.watermark.luminance import (
    at_scale,
    brightness,
    equalize,
    fold_equalized,
    fold_with_capacity,
    unit_of,
)
from moderation.provenance.watermark.patterns import SIDE, default_tiles, pilot_places, tile_canvas
from moderation.provenance.watermark.payload import CODED_BITS, read_signs, signs_of

SMALLEST_SIDE_PIXELS = 128
# Peak signal to noise in dB, softest first. The last is for pictures in which none is sure.
_QUALITIES = (43.5, 42.5, 41.5, 40.5, 39.6, 38.8, 38.05)
_PILOT = float(np.sqrt(0.4 * CODED_BITS))  # beside bits of 1: 29 % of the energy
_CANCELLED = 0.7  # of what a picture itself says at a bit
_LOUDNESS = (-0.5, 4.0)
_SCALES = (1.0, 0.5, 2.0)  # of a canvas, for pictures that were resized
_PLACES = 6
_PERIODS = 3
_TURNS = 4
# Turns of a picture in its own size, for pictures that say more at these places than their mark.
_SWEEP = tuple(Lattice(SIDE, sign * quarter / 4) for quarter in range(1, 9) for sign in (1, -1))
_LONGEST_SIDE_PIXELS = 1536  # of a canvas, so that no picture takes longer than a large one
_LEAST_PILOT = 4.8  # standard deviations; the highest of pictures without a mark is mostly below 4.5
_LEAST_REHEARSED_PILOT = 6.2
_LEAST_SURE = 0.97  # mean over deviation of the coded bits; at 0.75 every second mark can still be read
_REHEARSAL_JPEG = 48
_REHEARSAL_CROP = 0.9


def embed(picture: Image.Image, picture_id: str) -> Image.Image:
    """The picture, RGB, with its id in it, at 38 dB or better. Raises ValueError for a bad id.

    One with a side under 128 pixels has no room for a mark and comes back as it is.
    """
    signs = signs_of(picture_id)
    if not has_room(picture.size):
        return picture
    canvas = brightness(at_scale(picture, 1 / unit_of(picture.size)))
    fitting = _Fitting(canvas, signs)
    change = Image.fromarray(fitting.change(_softest(fitting)))
    grown = np.asarray(change.resize(picture.size, Image.Resampling.BICUBIC))
    pixels = np.asarray(picture.convert("RGB")).astype(np.int16)
    pixels += np.rint(grown).astype(np.int16)[:, :, None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def has_room(size: tuple[int, int]) -> bool:
    """Whether a picture of this size gets a mark."""
    return min(size) >= SMALLEST_SIDE_PIXELS


def find(picture: Image.Image) -> str | None:
    """The id in a picture, also after JPEG, other brightness, cropping, resizing, a mirror and a small turn.

    None without one. Of a long picture the middle is looked at.
    """
    unit = unit_of(picture.size)
    canvas = _middle(at_scale(picture, 1 / unit))
    for scale in _SCALES:
        looked_at = at_scale(canvas, scale)
        if min(looked_at.size) >= SIDE and (found := _read(fold_equalized(brightness(looked_at)))):
            return found
    return _find_resized(canvas)


def _middle(canvas: Image.Image) -> Image.Image:
    """At most `_LONGEST_SIDE_PIXELS` of each side."""
    width, height = (min(side, _LONGEST_SIDE_PIXELS) for side in canvas.size)
    left, top = (canvas.width - width) // 2, (canvas.height - height) // 2
    return canvas if (width, height) == canvas.size else canvas.crop((left, top, left + width, top + height))


def _find_resized(canvas: Image.Image) -> str | None:
    """The id in a canvas that was resized by any factor from a half to two, and turned by at most two degrees."""
    if min(canvas.size) < 2 * SIDE:
        return None
    levels = Image.fromarray(brightness(canvas))
    correlation = autocorrelation(equalize(brightness(canvas)))
    for lattice in (*likely_periods(correlation, _PERIODS), *likely_turns(correlation, _TURNS), *_SWEEP):
        if found := _read(fold_equalized(np.asarray(_straighten(levels, lattice), np.float32))):
            return found
    return None


def _straighten(levels: Image.Image, lattice: Lattice) -> Image.Image:
    """The canvas with tiles of SIDE pixels, turned back, without the corners that this leaves empty."""
    if lattice.degrees:
        levels = levels.rotate(lattice.degrees, Image.Resampling.BICUBIC)
        lost = float(np.sin(np.radians(abs(lattice.degrees)))) / 2
        width, height = levels.size
        across, down = round(height * lost), round(width * lost)
        levels = levels.crop((across, down, width - across, height - down))
    return at_scale(levels, SIDE / lattice.period)


def _read(folded: Floats) -> str | None:
    """The id in a folded tile or in its mirror image."""
    return _read_upright(folded) or _read_upright(np.ascontiguousarray(folded[:, ::-1]))


def _read_upright(folded: Floats) -> str | None:
    places, heights = pilot_places(folded, _PLACES)
    likely = places[heights >= _LEAST_PILOT]
    if not likely.size:
        return None
    shifted = [np.roll(folded, (-(shift // SIDE), -(shift % SIDE)), (0, 1)) for shift in likely]
    return read_signs(default_tiles().correlations(np.stack(shifted)))


def _softest(fitting: "_Fitting") -> float:
    """The quality of the softest mark that survives. Mostly it is the first, so that is tried before any other.

    How much it lacked says which to try next; the answer is the one of which the next softer one does not survive.
    """
    first, last, attempt = 0, len(_QUALITIES) - 1, 0
    while first < last:
        lacking = fitting.lacking(_QUALITIES[attempt])
        if lacking <= 1:
            last = attempt
        else:
            first = attempt + 1
        needed = _amplitude(_QUALITIES[attempt]) * lacking
        likely = bisect_left(_QUALITIES, needed, key=_amplitude)
        attempt = min(max(likely, first), last - 1)
    return _QUALITIES[last]


class _Fitting:
    """A mark on its way into one canvas."""

    def __init__(self, canvas: Floats, signs: Floats) -> None:
        self._canvas, self._signs = canvas, signs
        self._changes: dict[float, Floats] = {}
        tiles = default_tiles()
        bare, self._room = fold_with_capacity(canvas)
        plain = _normalize_level(self._room * tile_canvas(tiles.weave(signs, _PILOT), canvas.shape))
        trial = _amplitude(_QUALITIES[3])
        gained = (fold_equalized(canvas + trial * plain) - bare) / trial
        # What the canvas says by itself at each bit and at the pilot, in what an amplitude of 1 adds to it.
        self._gain = max(float((tiles.correlations(gained) * signs).mean()), 1e-6)
        self._bits = tiles.correlations(bare) * signs / self._gain
        self._pilot = float((tiles.pilot * bare).sum()) / (self._gain * _PILOT)

    def change(self, quality: float) -> Floats:
        """What to add to the canvas: louder where there is much to see, and against what the canvas itself says."""
        if quality not in self._changes:  # the one that survived its rehearsal is asked for again
            self._changes[quality] = self._pattern_for(quality)
        return self._changes[quality]

    def _pattern_for(self, quality: float) -> Floats:
        amplitude = _amplitude(quality)
        bits = self._signs * np.clip(1 - _CANCELLED * self._bits / amplitude, *_LOUDNESS).astype(np.float32)
        pilot = _PILOT * float(np.clip(1 - _CANCELLED * self._pilot / amplitude, 0.7, 1.8))
        return amplitude * _normalize_level(
            self._room * tile_canvas(default_tiles().weave(bits, pilot), self._canvas.shape)
        )

    def lacking(self, quality: float) -> float:
        """How many times as strong the mark must be to be read, with something to spare, after a crop and JPEG.

        At most 1: it survives.
        """
        marked = self._canvas + self.change(quality)
        height, width = (round(size * _REHEARSAL_CROP) for size in marked.shape)
        out = io.BytesIO()
        shown = Image.fromarray(marked[:height, :width].clip(0, 255).astype(np.uint8))
        shown.save(out, "JPEG", quality=_REHEARSAL_JPEG)
        with Image.open(out) as again:
            folded = fold_equalized(brightness(again))
        strengths = default_tiles().correlations(folded) * self._signs
        sure = _LEAST_SURE * float(strengths.std()) / max(float(strengths.mean()), 1e-6)
        places, heights = pilot_places(folded, _PLACES)
        return max(sure, _LEAST_REHEARSED_PILOT / max(float(heights[places == 0].max(initial=0)), 1e-6))


def _amplitude(quality: float) -> float:
    """The root mean square, of 255, at a ratio of peak signal to noise in dB."""
    return float(255 / 10 ** (quality / 20))


def _normalize_level(pattern: Floats) -> Floats:
    leveled: Floats = pattern / np.sqrt(np.mean(pattern * pattern))
    return leveled
