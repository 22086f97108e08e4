"""What the mark is put to: pictures, attacks, and how many marks are read afterwards."""

import io
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import mean, median

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from moderation.provenance.watermark import watermark
from studio.domain.identifiers import new_job_id, picture_id

Attack = Callable[[Image.Image], Image.Image]


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def resize(picture: Image.Image, factor: float) -> Image.Image:
    size = (round(picture.width * factor), round(picture.height * factor))
    return picture.resize(size, Image.Resampling.LANCZOS)


def half(picture: Image.Image) -> Image.Image:
    return resize(picture, 0.5)


def brighter(picture: Image.Image, factor: float) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(factor)


def crop(picture: Image.Image, share: float) -> Image.Image:
    """Without `share` of the width and of the height, from random sides."""
    width, height = (round(side * (1 - share)) for side in picture.size)
    left, top = secrets.randbelow(picture.width - width + 1), secrets.randbelow(picture.height - height + 1)
    return picture.crop((left, top, left + width, top + height))


def turn(picture: Image.Image, degrees: float) -> Image.Image:
    """Turned, without the corners that this leaves empty."""
    turned = picture.rotate(degrees, Image.Resampling.BICUBIC)
    lost = float(np.sin(np.radians(abs(degrees)))) / 2
    across, down = round(picture.height * lost) + 1, round(picture.width * lost) + 1
    return turned.crop((across, down, picture.width - across, picture.height - down))


PROMISED: Mapping[str, Attack] = {
    "JPEG 50": partial(as_jpeg, quality=50),
    "half size": half,
    "brightness +25 %": partial(brighter, factor=1.25),
    "brightness −25 %": partial(brighter, factor=0.75),
    "crop 10 %": partial(crop, share=0.1),
}
HARDER: Mapping[str, Attack] = {
    "JPEG 30": partial(as_jpeg, quality=30),
    "half size, JPEG 75": lambda picture: as_jpeg(half(picture), 75),
    "crop 10 %, JPEG 50": lambda picture: as_jpeg(crop(picture, 0.1), 50),
    "resizing ×0.7": lambda picture: resize(picture, 0.7),
    "resizing ×1.3": lambda picture: resize(picture, 1.3),
    "crop 25 %": partial(crop, share=0.25),
    "a mirror": ImageOps.mirror,
    "a turn of 1°": partial(turn, degrees=1),
    "a turn of −2°": partial(turn, degrees=-2),
    "a mirror, a turn of 1°, JPEG 75": lambda picture: as_jpeg(turn(ImageOps.mirror(picture), 1), 75),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFigures:
    """Of one set of pictures. `read_percent` by attack; `false_marks` in the same pictures without a mark.

    The times are medians, `absent_ms` the longest, of one core: to mark, to find and to find nothing.
    """

    pictures: str
    count: int
    least_decibels: float
    mean_decibels: float
    embed_ms: float
    find_ms: float
    absent_ms: float
    read_percent: dict[str, float]
    false_marks: int


def measure(name: str, pictures: Sequence[Image.Image]) -> MarkFigures:
    """Mark every picture with an id of its own and read it after every attack."""
    decibels, embedding, finding, absent, false_marks = [], [], [], [], 0
    attacks = {"nothing": lambda picture: picture, **PROMISED, **HARDER}
    read = dict.fromkeys(attacks, 0)
    for picture in pictures:
        wanted = picture_id(new_job_id(), 1 + secrets.randbelow(9))
        started = time.process_time()
        marked = watermark.embed(picture, wanted)
        embedding.append(time.process_time() - started)
        decibels.append(quality_of(picture, marked))
        started = time.process_time()
        false_marks += watermark.find(picture) is not None
        absent.append(time.process_time() - started)
        for attack, act in attacks.items():
            attacked = act(marked)
            started = time.process_time()
            read[attack] += watermark.find(attacked) == wanted
            finding.append(time.process_time() - started)
    return MarkFigures(
        pictures=name,
        count=len(pictures),
        least_decibels=round(min(decibels), 1),
        mean_decibels=round(mean(decibels), 1),
        embed_ms=round(1000 * median(embedding), 1),
        find_ms=round(1000 * median(finding), 1),
        absent_ms=round(1000 * max(absent), 1),
        read_percent={attack: round(100 * count / len(pictures), 1) for attack, count in read.items()},
        false_marks=false_marks,
    )


def false_marks(pictures: Iterable[Image.Image]) -> int:
    return sum(watermark.find(picture) is not None for picture in pictures)


def quality_of(picture: Image.Image, marked: Image.Image) -> float:
    """Peak signal to noise in dB."""
    change = np.asarray(picture.convert("RGB"), np.float32) - np.asarray(marked, np.float32)
    return float(10 * np.log10(255**2 / max(float(np.mean(change * change)), 1e-9)))


def photograph(side: int, seed: int) -> Image.Image:
    """Something with the statistics of a photograph: amplitudes that fall with the frequency, and hard edges.

    The fall, 1/f to 1/f^1.5, is what Field found ("Relations between the statistics of natural images and the
    response properties of cortical cells", Journal of the Optical Society of America A, 1987). RGB, side×side.
    """
    random = np.random.default_rng(seed)
    pixels = random.uniform(70, 180, 3) + _texture(
        random, side, random.uniform(1, 1.5), random.uniform(20, 60)
    )
    pixels += np.stack([_texture(random, side, 1.5, 12)[:, :, 0] for _ in range(3)], -1)
    down, across = np.mgrid[:side, :side]
    for _ in range(random.integers(2, 7)):
        row, column = random.integers(0, side, 2)
        inside = (down - row) ** 2 + (across - column) ** 2 < random.integers(side // 16, side // 3) ** 2
        pixels[inside] = 0.3 * pixels[inside] + 0.7 * random.uniform(0, 255, 3)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _texture(random: np.random.Generator, side: int, fall: float, contrast: float) -> NDArray[np.float64]:
    """Noise with amplitudes of 1/f^fall and this standard deviation: side×side×1."""
    waves = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    waves[0, 0] = 1
    noise = np.fft.ifft2(np.fft.fft2(random.standard_normal((side, side))) / waves**fall).real
    texture: NDArray[np.float64] = noise * (contrast / noise.std())
    return texture[:, :, None]
