"""Backgrounds: every scene painted from numbers alone, at any size, a little different for every seed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.layout_prior.language.vocabulary import COLOURS
from engine.layout_prior.scenes import landscapes, space_and_water, urban
from engine.layout_prior.scenes.drawing import Canvas, specks
from engine.layout_prior.scenes.sky import Backdrop, finish

_SCENES: dict[str, Callable[[Canvas], Backdrop]] = {
    "sky": landscapes.open_sky,
    "sea": landscapes.sea,
    "beach": landscapes.beach,
    "grass": landscapes.grass,
    "snow": landscapes.snow,
    "desert": landscapes.desert,
    "mountains": landscapes.mountains,
    "forest": landscapes.forest,
    "city": urban.city,
    "street": urban.street,
    "room": urban.room,
    "table": urban.table,
    "space": space_and_water.space,
    "moonscape": space_and_water.moonscape,
    "underwater": space_and_water.underwater,
}
SCENE_NAMES = tuple(_SCENES)
# Scenes that the image encoder has not learnt: they come from words alone.
_FURTHER: dict[str, Callable[[Canvas], Backdrop]] = {"wall": urban.brick_wall}


def paint_scene(name: str, canvas: Canvas, *, colour: str | None = None) -> Backdrop:
    """A scene of `SCENE_NAMES`, or "wall", at the canvas's time of day; `colour` is that of the wall."""
    return replace(_paint(name, canvas, colour), scene=name, time=canvas.time)


def _paint(name: str, canvas: Canvas, colour: str | None) -> Backdrop:
    if name in ("room", "table"):
        wall = None if colour is None else np.array(COLOURS[colour], np.float32) / 255 * 0.9 + 0.08
        return urban.room(canvas, wall) if name == "room" else urban.table(canvas, wall)
    painted = (_SCENES.get(name) or _FURTHER[name])(canvas)
    dry = name in ("space", "moonscape", "underwater")
    if dry:
        return painted
    if canvas.time == "fog":
        return space_and_water.fog(canvas, painted)
    return space_and_water.rain(canvas, painted) if canvas.time == "rain" else painted


def paint_plain(
    tone: tuple[float, float, float], *, exact: bool, width: int, height: int, rng: np.random.Generator
) -> Backdrop:
    """A studio wall in one tone (0..1), lighter in the middle; without `exact`, lit from one side and, sometimes,
    curving into a floor.
    """
    canvas = Canvas(rng, width, height, "day")
    base = np.array(tone, np.float32)
    down, across = canvas.down(), np.linspace(0, 1, width, dtype=np.float32)[None, :]
    x, y = canvas.between(0.3, 0.7), canvas.between(0.25, 0.55)
    far = np.sqrt((across - x) ** 2 + (down - y) ** 2)
    field = base * (1.07 - 0.2 * far)[..., None]
    kind = int(rng.integers(4))
    if not exact:
        side = 1 if rng.random() < 0.5 else -1
        field *= (1.02 + 0.1 * side * (0.5 - across) - 0.05 * down)[..., None]
        if kind < 2:
            floor = canvas.between(0.68, 0.78)
            curve = np.clip((down - floor) / 0.12, 0, 1) * np.ones_like(across)
            field *= (1 - 0.07 * np.exp(-(((down - floor) / 0.07) ** 2)) + 0.04 * curve)[..., None]
        field *= (1 + 0.012 * canvas.noise(3, 30))[..., None]
    elif kind == 1:
        rays = np.sin(np.arctan2(down - 0.5, across - 0.5) * 12 + canvas.between(0, 6)) > 0
        field *= 1 + 0.045 * rays[..., None]
    elif kind == 2:
        dots = specks(canvas, 26, top=0, bottom=1, radius=(0.008, 0.02))
        field *= 1 + 0.07 * dots[..., None]
    return finish(canvas, field, ground=None, lit=False)
