"""The seasons: what each does to a landscape, and to the trees and houses in it."""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from engine.layout_prior.scenes.drawing import Canvas, Field, disc, draw_mask, over, rgb, specks
from engine.layout_prior.scenes.sky import Backdrop, under_light

SEASONS = ("spring", "summer", "autumn", "winter")
_OUTDOORS = frozenset(
    {"grass", "forest", "mountains", "street", "city", "sea", "beach", "sky", "wall", "snow"}
)
_WITH_TREES = frozenset({"grass", "mountains", "street", "sea"})
_CROWNS = {
    "spring": ((238, 178, 196), (246, 206, 214), (160, 196, 116)),
    "summer": ((92, 142, 70), (112, 158, 80), (76, 124, 64)),
    "autumn": ((206, 112, 44), (222, 158, 62), (172, 72, 46)),
    "winter": ((226, 234, 242), (208, 220, 232), (238, 243, 248)),
}
_LEAVES = (rgb(206, 104, 40), rgb(226, 168, 62), rgb(164, 64, 44))
_PLANTS = frozenset({"tree", "house", "home", "building", "plant", "garden", "leaf"})


def in_season(canvas: Canvas, backdrop: Backdrop, season: str) -> Backdrop:
    """The backdrop in one of `SEASONS`; indoors, in space, under water and in the desert nothing changes."""
    if backdrop.scene not in _OUTDOORS:
        return backdrop
    field = np.asarray(backdrop.picture, np.float32) / 255
    field = _turn_greens(field, season, canvas.noise(5, 14))
    if season == "winter" and backdrop.horizon < 1 and backdrop.scene != "sea":
        _cover_with_snow(canvas, field, backdrop.horizon)
    if backdrop.scene in _WITH_TREES and backdrop.horizon < 1:
        _plant_trees(canvas, field, backdrop.horizon, season)
    _fill_air(canvas, field, season, backdrop.horizon)
    pixels = (np.clip(field, 0, 1) * 255 + 0.5).astype(np.uint8)
    return replace(backdrop, picture=Image.fromarray(pixels, "RGB"))


def dress(cutout: Image.Image, season: str, keywords: frozenset[str]) -> Image.Image:
    """Trees and houses in a season: leaves turn, and in winter snow lies on what stands outside."""
    if not keywords & _PLANTS:
        return cutout
    pixels = np.asarray(cutout, np.float32) / 255
    field, alpha = pixels[..., :3], pixels[..., 3]
    coarse = np.random.default_rng(3).uniform(-1, 1, (5, 5)).astype(np.float32)
    noise = np.asarray(Image.fromarray(coarse).resize(cutout.size, Image.Resampling.BICUBIC))
    field = _turn_greens(field, season, noise)
    if season == "winter":
        depth = max(3, round(0.07 * cutout.height))
        above = np.zeros_like(alpha)
        above[depth:] = alpha[:-depth]
        snow = np.clip(alpha - above, 0, 1) * (alpha > 0.5)
        field = field + (rgb(248, 251, 255) - field) * (0.95 * snow)[..., None]
    return Image.fromarray((np.dstack([field, alpha]) * 255 + 0.5).clip(0, 255).astype(np.uint8), "RGBA")


def _turn_greens(field: Field, season: str, noise: np.ndarray) -> Field:
    """Green becomes the colour of the season, as bright as it was."""
    if season == "summer":
        warm: Field = field * rgb(258, 254, 240)
        return warm
    green = np.clip((field[..., 1] - np.maximum(field[..., 0], field[..., 2])) / 0.1, 0, 1)[..., None]
    bright = field.mean(-1, keepdims=True)
    share = np.clip(0.5 + 0.7 * noise, 0, 1)[..., None]
    one, other = {
        "spring": (rgb(176, 206, 112), rgb(150, 190, 96)),
        "autumn": (rgb(222, 156, 66), rgb(186, 98, 48)),
        "winter": (rgb(232, 238, 246), rgb(214, 224, 236)),
    }[season]
    tone = one * share + other * (1 - share)
    strength = {"spring": 0.55, "autumn": 0.92, "winter": 0.8}[season]
    if season == "winter":
        shaded = tone * np.clip(0.62 + 0.75 * bright, 0, 1.05)
    else:
        shaded = tone * np.clip(bright / max(float(tone.mean()), 0.1) * 1.12, 0.25, 1.2)
    turned: Field = field + (shaded - field) * (strength * green)
    return turned


def _cover_with_snow(canvas: Canvas, field: Field, horizon: float) -> None:
    ground = np.clip((canvas.down() - horizon - 0.02) * 14, 0, 1) * np.ones((1, canvas.width), np.float32)
    over(field, under_light(canvas, 240, 244, 250), 0.82 * ground)


def _plant_trees(canvas: Canvas, field: Field, horizon: float, season: str) -> None:
    """A row of far trees along the horizon."""
    places = [
        (x + canvas.between(-0.04, 0.04), canvas.between(0.045, 0.08)) for x in np.arange(0.02, 1.02, 0.13)
    ]
    foot = horizon + 0.012

    def trunks(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        for x, size in places:
            tall, wide = 2.1 * size * min(width, height), 0.11 * size * min(width, height)
            pen.rectangle((x * width - wide, foot * height - tall, x * width + wide, foot * height), fill=255)

    over(field, under_light(canvas, 110, 84, 66), draw_mask(canvas, trunks))
    for number, colour in enumerate(_CROWNS[season]):

        def crowns(pen: ImageDraw.ImageDraw, width: int, height: int, number: int = number) -> None:
            for x, size in places[number::3]:
                side = size * min(width, height)
                for dx, dy, puff in ((0, 1.75, 0.8), (-0.55, 1.35, 0.62), (0.55, 1.35, 0.62), (0, 1.2, 0.72)):
                    middle, top = x * width + dx * side, foot * height - dy * side
                    pen.ellipse(
                        (middle - puff * side, top - puff * side, middle + puff * side, top + puff * side),
                        fill=255,
                    )

        over(field, under_light(canvas, *colour), 0.94 * draw_mask(canvas, crowns))


def _fill_air(canvas: Canvas, field: Field, season: str, horizon: float) -> None:
    """Falling leaves, petals or snow; in summer a high sun."""
    if season == "autumn":
        for colour in _LEAVES:
            over(field, colour, specks(canvas, 9, top=0.08, bottom=0.8, radius=(0.011, 0.019)))
            over(
                field,
                colour,
                specks(canvas, 26, top=min(0.9, horizon + 0.12), bottom=1, radius=(0.009, 0.016)),
            )
    elif season == "spring":
        over(field, rgb(250, 214, 224), specks(canvas, 14, top=0.1, bottom=1, radius=(0.008, 0.013)))
        for colour in (rgb(252, 250, 246), rgb(246, 206, 84), rgb(232, 128, 150)):
            over(
                field,
                colour,
                specks(canvas, 16, top=min(0.92, horizon + 0.1), bottom=1, radius=(0.009, 0.015)),
            )
    elif season == "winter":
        over(field, rgb(255, 255, 255), 0.95 * specks(canvas, 42, top=0, bottom=0.95, radius=(0.007, 0.014)))
    elif canvas.time == "day":
        x, y = canvas.between(0.1, 0.26), canvas.between(0.1, 0.16)
        over(field, rgb(255, 240, 190), 0.6 * disc(canvas, x, y, 0.2, blur=0.08))
        over(field, rgb(255, 246, 206), disc(canvas, x, y, 0.075))
