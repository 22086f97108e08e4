"""Painting the chosen cut-outs into a picture: size, tilt, light and shadow."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from engine.layout_prior.cutouts.water_removal import without_water
from engine.layout_prior.layout.boxes import Box, Spot
from engine.layout_prior.library.cutout_library import Subject
from engine.layout_prior.scenes.sky import Backdrop

# Beside an elephant a mouse is larger than life: what is smaller than this the painting would smear.
_SMALLEST_SHARE = 0.78
_SHINING = frozenset({"light", "fire", "candle", "lamp", "flame"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a thing will look like: its cut-outs, already in their colour; copies take them in turn.

    `looks` says how the person on each cut-out looks, as `Subject.looks` names it, or is empty.
    """

    cutouts: tuple[Image.Image, ...]
    subject: Subject | None = None
    looks: tuple[str, ...] = ("",)
    size: float
    in_sky: bool
    shadow: bool = True

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.cutouts[0].width / self.cutouts[0].height

    @property
    def shines(self) -> bool:
        """Whether it gives light of its own: a lamp, a fire, a lighthouse."""
        subject = self.subject
        return (
            subject is not None
            and not subject.looks  # people wear lamps, and have skin of warm colours
            and bool({*subject.name.split(), *subject.keywords} & _SHINING)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A collage, and where in it each copy of which thing lies, back to front."""

    picture: Image.Image
    chosen: tuple[Chosen, ...]
    placed: tuple[tuple[int, Box], ...]
    backdrop: Backdrop


def paste(
    backdrop: Backdrop,
    spots: list[Spot],
    chosen: list[Chosen],
    rng: np.random.Generator,
    *,
    fill: float | None = None,
) -> Sheet:
    """Paint the things, back to front, each with a soft shadow and in the light of the scene.

    With `fill`, each takes that share of its spot and stays as it is; without, size, side and tilt are the dice's.
    """
    placed = []
    picture = backdrop.picture.convert("RGB")
    sizes = [item.size for item in chosen]
    largest: dict[int, float] = {}
    for spot in spots:
        largest[spot.depth] = max(largest.get(spot.depth, 0), sizes[spot.thing])
    flips = [bool(rng.integers(2)) for _ in chosen]
    for number, spot in enumerate(sorted(spots, key=lambda spot: (spot.depth, spot.box.bottom))):
        item = chosen[spot.thing]
        share = fill or _fill(item, largest[spot.depth], rng, alone=len(spots) == 1, mixed=len(chosen) > 1)
        cutout = item.cutouts[number % len(item.cutouts)]
        cutout = without_water(cutout) if backdrop.ground is not None and spot.standing else cutout
        cutout = cutout if item.in_sky else _lit(cutout, backdrop.light, shines=item.shines)
        if fill is None and flips[spot.thing] != (rng.random() < 0.15):
            cutout = cutout.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        scale = share * min(spot.box.width / cutout.width, spot.box.height / cutout.height)
        size = max(2, round(cutout.width * scale)), max(2, round(cutout.height * scale))
        cutout = cutout.resize(size, Image.Resampling.LANCZOS)
        angle = rng.uniform(-4, 4) if spot.standing else rng.uniform(-10, 10)
        cutout = cutout.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        slack_x, slack_y = spot.box.width - cutout.width, spot.box.height - cutout.height
        left = spot.box.left + slack_x * rng.uniform(0.3, 0.7)
        top = spot.box.top + slack_y * (rng.uniform(0.94, 1.02) if spot.standing else rng.uniform(0.35, 0.65))
        if item.shadow:
            _shade(picture, cutout, left, top, standing=spot.standing)
        picture.paste(cutout, (round(left), round(top)), cutout)
        placed.append((spot.thing, Box(left, top, cutout.width, cutout.height)))
    return Sheet(picture=picture, chosen=tuple(chosen), placed=tuple(placed), backdrop=backdrop)


def _fill(item: Chosen, largest: float, rng: np.random.Generator, *, alone: bool, mixed: bool) -> float:
    """The share of its spot that a thing fills, smaller things less."""
    if alone:
        share = rng.uniform(0.74, 0.88)
        return float(min(0.98, max(0.3, share * item.size**0.35 if item.size > 0.4 else share * item.size)))
    share = rng.uniform(0.86, 0.96)
    return float(share * max(_SMALLEST_SHARE, (item.size / largest) ** 0.5) if mixed else share)


def _lit(cutout: Image.Image, light: tuple[float, float, float], *, shines: bool) -> Image.Image:
    """In the light of the scene; of what shines, bright warm colours stay as they are."""
    if light == (1.0, 1.0, 1.0):
        return cutout
    pixels = np.asarray(cutout, np.float32)
    rgb, alpha = pixels[..., :3], pixels[..., 3:]
    shaded = rgb * np.array(light, np.float32)
    if shines:
        warm = (rgb[..., 0] > 190) & (rgb[..., 1] > 100) & (rgb[..., 0] - rgb[..., 2] > 50)
        shaded = np.where(warm[..., None], rgb, shaded)
    return Image.fromarray((np.dstack([shaded, alpha]) + 0.5).astype(np.uint8), "RGBA")


def _shade(picture: Image.Image, cutout: Image.Image, left: float, top: float, *, standing: bool) -> None:
    """A flat shadow under what stands, a soft one behind what floats."""
    side = max(cutout.size)
    margin = max(4, side // 6)
    shadow = Image.new("L", (cutout.width + 2 * margin, cutout.height + 2 * margin))
    if standing:
        flat = cutout.getchannel("A").resize((cutout.width, max(2, cutout.height // 7)), Image.Resampling.BOX)
        shadow.paste(flat, (margin, margin + cutout.height - max(2, cutout.height // 11)))
        strength, blur, drop = 0.38, side / 32, 0
    else:
        shadow.paste(cutout.getchannel("A"), (margin, margin))
        strength, blur, drop = 0.26, side / 24, side // 22
    shadow = shadow.filter(ImageFilter.GaussianBlur(blur)).point(lambda value: int(value * strength))
    dark = Image.new("RGB", shadow.size, (24, 22, 48))
    picture.paste(dark, (round(left) - margin, round(top) - margin + drop), shadow)
