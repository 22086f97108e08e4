"""From a prompt and a seed to a collage: cut-outs laid out as the words say before a painted background."""

import colorsys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from engine.painters.collage.backdrop import paint_plain, paint_scene
from engine.painters.collage.carry_on import carry_on
from engine.painters.collage.creature import paint_creature
from engine.painters.collage.layout import Box, Shape, Spot, arrange, largest_free_box
from engine.painters.collage.library import Library, Subject
from engine.painters.collage.parse import parse
from engine.painters.collage.recolour import main_hue, recolour
from engine.painters.collage.sky import Backdrop
from engine.painters.collage.wish import Thing, Wish
from engine.painters.collage.words import COLOURS

_STYLES = ("glossy", "cartoon")
# A scene asked for without things gets some of these, as many as the seed says.
_PROPS = {
    "sky": ("sun behind cloud", "bird", "airplane", "rainbow", "balloon"),
    "sea": ("sailboat", "dolphin", "water wave", "desert island", "whale"),
    "beach": ("palm tree", "umbrella on ground", "crab", "spiral shell"),
    "grass": ("tulip", "butterfly", "deciduous tree", "rabbit", "sunflower"),
    "snow": ("snowman", "evergreen tree", "penguin"),
    "room": ("couch and lamp", "potted plant", "teddy bear"),
    "city": ("taxi", "bus", "bicycle"),
    "street": ("automobile", "bus", "bicycle"),
    "forest": ("mushroom", "deer", "evergreen tree", "fox"),
    "space": ("ringed planet", "rocket", "shooting star", "flying saucer"),
    "moonscape": ("astronaut", "rocket"),
    "desert": ("cactus", "camel", "lizard"),
    "mountains": ("evergreen tree", "goat", "eagle"),
    "table": ("potted plant", "hot beverage", "red apple"),
    "underwater": ("tropical fish", "octopus", "coral", "turtle"),
}


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What a thing will look like: one cut-out, already in its colour."""

    cutout: Image.Image
    size: float
    in_sky: bool


class Collage:
    """The layout prior. Safe to share between threads; every picture depends on prompt, seed and size alone."""

    def __init__(self, library: Library) -> None:
        self.library = library

    @classmethod
    def load(cls, folder: Path) -> "Collage":
        """Read `index.json` and `cutouts.zip` from a model's `prior` folder. Raises ModelBroken."""
        return cls(Library(folder))

    def compose(self, prompt: str, *, seed: int, width: int, height: int) -> Image.Image:
        """An RGB picture of what the prompt says; any size from 64 to 1024."""
        rng = _dice(prompt, seed)
        wish = self._fill(parse(prompt, self.library), rng)
        chosen = self._choose(wish, rng)
        backdrop = self._backdrop(wish, chosen, rng, width, height)
        edge = 0.05 * min(width, height)
        if backdrop.ground is None:
            room = Box(edge, edge, width - 2 * edge, height - 2 * edge)
            ground = None
        else:
            ground = backdrop.ground * height
            room = Box(edge, edge, width - 2 * edge, height - edge)
        spots = arrange(wish, _shapes(wish, chosen), room, ground=ground)
        return _paste(backdrop, spots, chosen, rng)

    def place(self, prompt: str, *, seed: int, canvas: Image.Image, mask: Image.Image) -> Image.Image:
        """`canvas` with the prompt's things in the white part of `mask` (mode L, the same size).

        The masked part becomes the scene or background the prompt names; when it names none, the surroundings
        are carried on into it. Pixels under black stay exactly as they are.
        """
        rng = _dice(prompt, seed)
        canvas = canvas.convert("RGB")
        free = np.asarray(mask.convert("L")) > 127
        if not free.any():
            return canvas
        wish = parse(prompt, self.library)
        chosen = self._choose(wish, rng)
        if wish.scene or wish.time or wish.background:
            backdrop = self._backdrop(wish, chosen, rng, canvas.width, canvas.height)
        else:
            backdrop = Backdrop(picture=carry_on(canvas, free), ground=None)
        if wish.things:
            box = largest_free_box(free)
            edge = 0.04 * min(box.width, box.height)
            room = Box(box.left + edge, box.top + edge, box.width - 2 * edge, box.height - 2 * edge)
            grounded = (
                box.bottom > 0.97 * canvas.height
                and box.height > 0.5 * canvas.height
                and _has_ground(canvas, free)
            )
            ground = canvas.height * 0.9 if grounded else None
            spots = arrange(wish, _shapes(wish, chosen), room, ground=ground)
            painted = _paste(backdrop, spots, chosen, rng)
        else:
            painted = backdrop.picture
        return Image.composite(painted, canvas, Image.fromarray(free.astype(np.uint8) * 255, "L"))

    def _fill(self, wish: Wish, rng: np.random.Generator) -> Wish:
        """A scene without things gets props; no words at all get a surprise."""
        if wish.things:
            return wish
        scene = wish.scene or (
            {"night": "grass", "sunset": "sea"}.get(wish.time or "") if wish.time else None
        )
        if scene is None and wish.background is not None:
            return wish
        if scene is None:
            subject = self.library.subjects[int(rng.integers(len(self.library.subjects)))]
            return replace(wish, things=(Thing(word=subject.name, subjects=(subject,)),))
        props = rng.permutation(_PROPS[scene])[: int(rng.integers(1, 3))]
        things = tuple(Thing(word=name, subjects=self.library.named(name)) for name in props)
        return replace(wish, scene=scene, things=tuple(thing for thing in things if thing.subjects))

    def _choose(self, wish: Wish, rng: np.random.Generator) -> list[_Chosen]:
        style = wish.style or _STYLES[int(rng.integers(len(_STYLES)))]
        chosen = []
        for thing in wish.things:
            if thing.subjects:
                subject = _pick(thing.subjects, rng)
                cutout = self.library.picture(subject, style)
                size, in_sky = subject.size, subject.in_sky
            else:
                cutout, size, in_sky = paint_creature(thing.word), 1.0, False
            if thing.colour is not None:
                cutout = recolour(cutout, thing.colour)
            chosen.append(_Chosen(cutout, size * thing.size**1.5, in_sky))
        return chosen

    def _backdrop(
        self, wish: Wish, chosen: list[_Chosen], rng: np.random.Generator, width: int, height: int
    ) -> Backdrop:
        scene, time = wish.scene, wish.time
        if scene is None and wish.background is None:
            scene, hour = _suggested(wish, chosen)
            time = time or hour
        if scene is not None:
            own_moon = any(
                "moon" in subject.name.split() for thing in wish.things for subject in thing.subjects[:1]
            )
            return paint_scene(
                scene,
                time=time or "day",
                colour=wish.background,
                width=width,
                height=height,
                rng=rng,
                moon=not own_moon,
            )
        if wish.background is not None:
            tone = tuple(part / 255 for part in COLOURS[wish.background])
            return paint_plain((tone[0], tone[1], tone[2]), exact=True, width=width, height=height, rng=rng)
        return paint_plain(_contrasting(chosen, rng), exact=False, width=width, height=height, rng=rng)


def _dice(prompt: str, seed: int) -> np.random.Generator:
    """Two prompts of one seed share no chances, nor do two seeds of one prompt."""
    return np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, zlib.crc32(prompt.encode("utf-8", "replace"))])


def _suggested(wish: Wish, chosen: list[_Chosen]) -> tuple[str | None, str | None]:
    """Scene and hour for things of the sky among others, or for an hour without a place; None: a plain wall."""
    flying = [item.in_sky for item in chosen]
    words = {word for thing in wish.things for subject in thing.subjects[:1] for word in subject.keywords}
    names = {word for thing in wish.things for subject in thing.subjects[:1] for word in subject.name.split()}
    hour = "night" if "moon" in names or ("star" in names and len(chosen) > 1) else None
    if flying and all(flying):
        return ("sky" if wish.time or hour else None), hour
    if not any(flying) and wish.time is None:
        return None, None
    return ("sea" if words & {"boat", "ship"} else "grass"), hour


def _has_ground(canvas: Image.Image, free: np.ndarray) -> bool:
    """Whether what is known of a picture looks different at its bottom than at its top."""
    rows = np.flatnonzero((~free).any(1))
    if not rows.size:
        return False
    pixels, known = np.asarray(canvas, np.float32), ~free
    edge = max(1, rows.size // 7)
    top, bottom = (pixels[part][known[part]].mean(0) for part in (rows[:edge], rows[-edge:]))
    return bool(np.abs(top - bottom).mean() > 28)


def _pick(subjects: tuple[Subject, ...], rng: np.random.Generator) -> Subject:
    """The first choice most often."""
    weights = np.array([1 / (1 + at) for at in range(len(subjects))])
    return subjects[int(rng.choice(len(subjects), p=weights / weights.sum()))]


def _shapes(wish: Wish, chosen: list[_Chosen]) -> list[Shape]:
    alone = len(wish.things) == 1
    return [
        Shape(
            size=thing.size if alone else item.size,
            aspect=item.cutout.width / item.cutout.height,
            in_sky=item.in_sky,
        )
        for thing, item in zip(wish.things, chosen, strict=True)
    ]


def _contrasting(chosen: list[_Chosen], rng: np.random.Generator) -> tuple[float, float, float]:
    """A friendly light tone, away from the hue of the first thing."""
    if not chosen:
        return colorsys.hsv_to_rgb(rng.random(), 0.4, 0.95)
    pixels = np.asarray(chosen[0].cutout, np.float32) / 255
    hue, share = main_hue(pixels[..., :3], pixels[..., 3])
    away = (hue + rng.uniform(0.3, 0.7)) % 1 if share > 0.2 else rng.random()
    dark = bool(pixels[..., :3][pixels[..., 3] > 0.5].mean() > 0.8)
    return colorsys.hsv_to_rgb(
        float(away), rng.uniform(0.5, 0.65) if dark else rng.uniform(0.25, 0.5), 0.9 if dark else 0.97
    )


def _paste(
    backdrop: Backdrop, spots: list[Spot], chosen: list[_Chosen], rng: np.random.Generator
) -> Image.Image:
    """Paint the things, back to front, each with a soft shadow and in the light of the scene."""
    picture = backdrop.picture.convert("RGB")
    sizes = [item.size for item in chosen]
    largest: dict[int, float] = {}
    for spot in spots:
        largest[spot.depth] = max(largest.get(spot.depth, 0), sizes[spot.thing])
    flips = [bool(rng.integers(2)) for _ in chosen]
    for spot in sorted(spots, key=lambda spot: (spot.depth, spot.box.bottom)):
        item = chosen[spot.thing]
        alone = len(spots) == 1
        fill = rng.uniform(0.74, 0.88) if alone else rng.uniform(0.86, 0.96)
        if alone:
            fill = min(0.98, max(0.3, fill * item.size**0.35 if item.size > 0.4 else fill * item.size))
        elif len(chosen) > 1:
            fill *= max(0.62, (item.size / largest[spot.depth]) ** 0.5)
        cutout = item.cutout if item.in_sky else _lit(item.cutout, backdrop.light)
        if flips[spot.thing] != (rng.random() < 0.15):
            cutout = cutout.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        scale = fill * min(spot.box.width / cutout.width, spot.box.height / cutout.height)
        size = max(2, round(cutout.width * scale)), max(2, round(cutout.height * scale))
        cutout = cutout.resize(size, Image.Resampling.LANCZOS)
        angle = rng.uniform(-4, 4) if spot.standing else rng.uniform(-10, 10)
        cutout = cutout.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        slack_x, slack_y = spot.box.width - cutout.width, spot.box.height - cutout.height
        left = spot.box.left + slack_x * rng.uniform(0.3, 0.7)
        top = spot.box.top + slack_y * (rng.uniform(0.94, 1.02) if spot.standing else rng.uniform(0.35, 0.65))
        _shade(picture, cutout, left, top, standing=spot.standing)
        picture.paste(cutout, (round(left), round(top)), cutout)
    return picture


def _lit(cutout: Image.Image, light: tuple[float, float, float]) -> Image.Image:
    if light == (1.0, 1.0, 1.0):
        return cutout
    channels = list(cutout.split())
    for at, factor in enumerate(light):
        channels[at] = channels[at].point(lambda value, factor=factor: round(value * factor))
    return Image.merge("RGBA", channels)


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
