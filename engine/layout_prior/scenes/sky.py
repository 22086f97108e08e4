"""The sky and the light of each hour."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.layout_prior.scenes.drawing import Canvas, Field, clouds, disc, gradient, over, rgb, specks

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """A painted background. `ground` is where things stand, 0 at the top and 1 at the bottom, None when they float.

    `light` multiplies the colours of the things; `horizon` is where the ground begins. `scene` and `time` are what
    it shows, empty for a plain wall.
    """

    picture: Image.Image
    ground: float | None
    horizon: float = 1.0
    light: Colour = (1.0, 1.0, 1.0)
    scene: str = ""
    time: str = ""


SKIES = {
    "day": (rgb(116, 172, 222), rgb(226, 236, 238)),
    "night": (rgb(14, 20, 62), rgb(52, 66, 132)),
    "sunset": (rgb(84, 62, 146), rgb(255, 172, 92)),
    "rain": (rgb(108, 124, 146), rgb(168, 182, 196)),
    "fog": (rgb(198, 206, 210), rgb(228, 231, 232)),
}
LIGHTS: dict[str, Colour] = {
    "day": (1, 1, 1),
    "night": (0.74, 0.78, 0.98),
    "sunset": (1.0, 0.9, 0.8),
    "rain": (0.88, 0.92, 0.97),
    "fog": (0.95, 0.97, 0.98),
}


def sky(canvas: Canvas, *, end: float = 1.0) -> Field:
    """The sky down to `end`, with clouds by day, stars and a moon by night, a low sun at sunset."""
    top, bottom = SKIES[canvas.time]
    field = gradient(canvas, top + canvas.between(-0.03, 0.03), bottom, end=end)
    if canvas.time == "night":
        over(field, rgb(255, 252, 224), specks(canvas, 60, top=0, bottom=end * 0.95, radius=(0.001, 0.005)))
        if canvas.moon:
            x, y, size = canvas.between(0.12, 0.88), canvas.between(0.1, 0.2) * min(1, end + 0.2), 0.055
            over(field, rgb(190, 200, 240), 0.35 * disc(canvas, x, y, size * 1.6, blur=0.03))
            over(field, rgb(255, 248, 214), disc(canvas, x, y, size))
    elif canvas.time == "sunset":
        x, y = canvas.between(0.2, 0.8), end * canvas.between(0.72, 0.86)
        over(field, rgb(255, 222, 130), 0.7 * disc(canvas, x, y, 0.2, blur=0.08))
        over(field, rgb(255, 244, 190), disc(canvas, x, y, 0.085))
        over(field, rgb(255, 150, 120), 0.5 * clouds(canvas, 2, bottom=end * 0.6))
    elif canvas.time != "fog":
        over(field, rgb(255, 255, 255), 0.85 * clouds(canvas, 3, bottom=max(0.1, end * 0.55)))
    return field


def under_light(canvas: Canvas, *values: int) -> np.ndarray:
    """A ground colour under the light of the hour."""
    factor = {
        "day": (1, 1, 1),
        "night": (0.34, 0.42, 0.68),
        "sunset": (0.92, 0.72, 0.66),
        "rain": (0.78, 0.82, 0.86),
        "fog": (0.86, 0.9, 0.94),
    }
    return rgb(*values) * np.array(factor[canvas.time], np.float32)


def finish(
    canvas: Canvas, field: Field, *, ground: float | None, horizon: float = 1.0, lit: bool = True
) -> Backdrop:
    if (
        horizon < 1 and lit and canvas.time == "day"
    ):  # haze where the land ends, and light from the upper left
        down, across = canvas.down(), np.linspace(0, 1, canvas.width, dtype=np.float32)[None, :]
        over(
            field, rgb(238, 238, 228), 0.26 * np.exp(-(((down - horizon) / 0.09) ** 2)) * np.ones_like(across)
        )
        field *= (1.05 - 0.06 * across - 0.05 * down)[..., None]
    pixels = (np.clip(field, 0, 1) * 255 + 0.5).astype(np.uint8)
    light = LIGHTS[canvas.time] if lit else (1.0, 1.0, 1.0)
    return Backdrop(picture=Image.fromarray(pixels, "RGB"), ground=ground, horizon=horizon, light=light)
