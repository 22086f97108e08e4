"""Backgrounds: every scene painted from numbers alone, at any size, a little different for every seed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.painters.collage import elsewhere, land, town
from engine.painters.collage.sky import Backdrop, finish
from engine.painters.collage.surface import Canvas, specks
from engine.painters.collage.words import COLOURS

_SCENES: dict[str, Callable[[Canvas], Backdrop]] = {
    "sky": land.open_sky,
    "sea": land.sea,
    "beach": land.beach,
    "grass": land.grass,
    "snow": land.snow,
    "desert": land.desert,
    "mountains": land.mountains,
    "forest": land.forest,
    "city": town.city,
    "street": town.street,
    "room": town.room,
    "table": town.table,
    "space": elsewhere.space,
    "moonscape": elsewhere.moonscape,
    "underwater": elsewhere.underwater,
}
SCENE_NAMES = tuple(_SCENES)


def paint_scene(
    name: str,
    *,
    time: str,
    colour: str | None,
    width: int,
    height: int,
    rng: np.random.Generator,
    moon: bool = True,
) -> Backdrop:
    """A scene of `SCENE_NAMES` at a time of day; `colour` is that of the wall, `moon` whether nights have one."""
    canvas = Canvas(rng, width, height, time, moon)
    return replace(_paint(name, canvas, colour), scene=name, time=time)


def _paint(name: str, canvas: Canvas, colour: str | None) -> Backdrop:
    if name in ("room", "table"):
        wall = None if colour is None else np.array(COLOURS[colour], np.float32) / 255 * 0.9 + 0.08
        return town.room(canvas, wall) if name == "room" else town.table(canvas, wall)
    painted = _SCENES[name](canvas)
    dry = name in ("space", "moonscape", "underwater")
    return elsewhere.rain(canvas, painted) if canvas.time == "rain" and not dry else painted


def paint_plain(
    tone: tuple[float, float, float], *, exact: bool, width: int, height: int, rng: np.random.Generator
) -> Backdrop:
    """A studio wall in one tone (0..1), lighter in the middle; without `exact`, sometimes fading or patterned."""
    canvas = Canvas(rng, width, height, "day")
    base = np.array(tone, np.float32)
    down, across = canvas.down(), np.linspace(0, 1, width, dtype=np.float32)[None, :]
    x, y = canvas.between(0.3, 0.7), canvas.between(0.25, 0.55)
    far = np.sqrt((across - x) ** 2 + (down - y) ** 2)
    field = base * (1.07 - 0.2 * far)[..., None]
    kind = int(rng.integers(4))
    if not exact and kind == 0:
        other = np.roll(base, int(rng.integers(1, 3))) * 0.5 + base * 0.5
        share = np.clip(down * canvas.between(0.5, 1) + across * canvas.between(-0.4, 0.4), 0, 1)[..., None]
        field = field * (1 - share) + other * share
    elif kind == 1:
        rays = np.sin(np.arctan2(down - 0.5, across - 0.5) * 12 + canvas.between(0, 6)) > 0
        field *= 1 + 0.045 * rays[..., None]
    elif kind == 2:
        dots = specks(canvas, 26, top=0, bottom=1, radius=(0.008, 0.02))
        field *= 1 + 0.07 * dots[..., None]
    return finish(canvas, field, ground=None, lit=False)
