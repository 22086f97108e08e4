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

from moderation.provenance.canvas import at_scale, brightness, room, seen, unit_of
from moderation.provenance.convolution import Floats
from moderation.provenance.payload import CODED_BITS, read_signs, signs_of
from moderation.provenance.tiles import SIDE, house_tiles, lay, pilot_places

SMALLEST_SIDE_PIXELS = 128
# Peak signal to noise in dB, softest first. The last is for pictures in which none is sure.
_QUALITIES = (43.5, 42.5, 41.5, 40.5, 39.6, 38.8, 38.2)
_PILOT = float(np.sqrt(CODED_BITS / 2))  # beside bits of 1: a third of the energy
_SCALES = (1.0, 0.5, 2.0)  # of a canvas, for pictures that were resized
_PLACES = 6
_LEAST_PILOT = 4.8  # standard deviations; the highest of pictures without a mark is mostly below 4.5
_LEAST_REHEARSED_PILOT = 6.5
_LEAST_SURE = 1.1  # mean over deviation of the coded bits; at 0.75 every second mark can still be read
_REHEARSAL_JPEG = 48
_REHEARSAL_CROP = 0.9


def embed(picture: Image.Image, picture_id: str) -> Image.Image:
    """The picture, RGB, with its id in it, at 38 dB or better. Raises ValueError for a bad id.

    One with a side under 128 pixels has no room for a mark and comes back as it is.
    """
    signs = signs_of(picture_id)
    if min(picture.size) < SMALLEST_SIDE_PIXELS:
        return picture
    canvas = brightness(at_scale(picture, 1 / unit_of(picture.size)))
    pattern = _pattern(canvas, signs)
    enough = bisect_left(_QUALITIES[:-1], True, key=lambda each: _survives(canvas, pattern, each, signs))
    change = Image.fromarray(_amplitude(_QUALITIES[enough]) * pattern)
    grown = np.asarray(change.resize(picture.size, Image.Resampling.BICUBIC))
    pixels = np.asarray(picture.convert("RGB")).astype(np.int16)
    pixels += np.rint(grown).astype(np.int16)[:, :, None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def find(picture: Image.Image) -> str | None:
    """The id in a picture, also after JPEG, other brightness, cropping, half or double size; None without one."""
    unit = unit_of(picture.size)
    for scale in _SCALES:
        looked_at = at_scale(picture, scale / unit)
        if min(looked_at.size) >= SIDE and (found := _read(seen(brightness(looked_at)))):
            return found
    return None


def _read(folded: Floats) -> str | None:
    places, heights = pilot_places(folded, _PLACES)
    likely = places[heights >= _LEAST_PILOT]
    if not likely.size:
        return None
    shifted = [np.roll(folded, (-(each // SIDE), -(each % SIDE)), (0, 1)).ravel() for each in likely]
    return read_signs(np.stack(shifted) @ house_tiles().carriers.T)


def _pattern(canvas: Floats, signs: Floats) -> Floats:
    """What to add to a canvas, with a mean square of 1.

    Louder where there is much to see, and louder in the bits that the picture itself speaks against.
    """
    hides, tiles = room(canvas), house_tiles()
    plain = _leveled(hides * lay(tiles.woven(signs, _PILOT), canvas.shape))
    folded = seen(canvas + _amplitude(_QUALITIES[3]) * plain)
    said = tiles.carriers @ folded.ravel() * signs
    mean = max(float(said.mean()), 1e-6)
    bits = signs * np.clip(2 - said / mean, 0.3, 3).astype(np.float32)
    heard = float((tiles.pilot * folded).sum()) / (mean * _PILOT)
    return _leveled(
        hides * lay(tiles.woven(bits, _PILOT * float(np.clip(2 - heard, 0.7, 1.8))), canvas.shape)
    )


def _survives(canvas: Floats, pattern: Floats, quality: float, signs: Floats) -> bool:
    """Whether the mark is read, with something to spare, after a crop and JPEG."""
    height, width = (round(size * _REHEARSAL_CROP) for size in canvas.shape)
    marked = canvas[:height, :width] + _amplitude(quality) * pattern[:height, :width]
    out = io.BytesIO()
    Image.fromarray(marked.clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=_REHEARSAL_JPEG)
    with Image.open(out) as again:
        folded = seen(brightness(again))
    said = house_tiles().carriers @ folded.ravel() * signs
    if said.mean() < _LEAST_SURE * said.std():
        return False
    places, heights = pilot_places(folded, _PLACES)
    return bool(heights[places == 0].max(initial=0) >= _LEAST_REHEARSED_PILOT)


def _amplitude(quality: float) -> float:
    """The root mean square, of 255, at a ratio of peak signal to noise in dB."""
    return float(255 / 10 ** (quality / 20))


def _leveled(pattern: Floats) -> Floats:
    leveled: Floats = pattern / np.sqrt(np.mean(pattern * pattern))
    return leveled
