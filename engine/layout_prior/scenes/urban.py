"""Where people live: city, street, room, table."""

import numpy as np
from PIL import Image, ImageDraw

from engine.layout_prior.scenes.drawing import Canvas, Field, below, draw_mask, gradient, over, rgb
from engine.layout_prior.scenes.sky import SKIES, Backdrop, finish, sky, under_light


def _skyline(canvas: Canvas, field: Field, base: float) -> None:
    for colour, low, high, windows in (
        ((150, 170, 200), 0.22, 0.42, False),
        ((92, 108, 146), 0.1, 0.32, True),
    ):
        edges = np.cumsum(canvas.rng.uniform(0.07, 0.14, 16))
        houses = [
            (float(edge) - 0.14, float(wide), base - canvas.between(low, high))
            for edge, wide in zip(edges, np.diff(edges, append=edges[-1] + 0.1), strict=True)
            if edge < 1.2
        ]

        def walls(
            pen: ImageDraw.ImageDraw,
            width: int,
            height: int,
            houses: list[tuple[float, float, float]] = houses,
        ) -> None:
            for x, wide, top in houses:
                pen.rectangle((x * width, top * height, (x + wide * 0.96) * width, base * height), fill=255)

        over(field, under_light(canvas, *colour), draw_mask(canvas, walls))
        if windows:

            def panes(
                pen: ImageDraw.ImageDraw,
                width: int,
                height: int,
                houses: list[tuple[float, float, float]] = houses,
            ) -> None:
                for x, wide, top in houses:
                    for row in np.arange(top + 0.03, base - 0.03, 0.05):
                        for column in np.arange(x + 0.018, x + wide * 0.96 - 0.02, 0.032):
                            if canvas.rng.random() < 0.6:
                                pen.rectangle(
                                    (
                                        column * width,
                                        row * height,
                                        (column + 0.016) * width,
                                        (row + 0.026) * height,
                                    ),
                                    fill=255,
                                )

            lit = rgb(255, 226, 140) if canvas.time in ("night", "sunset") else rgb(206, 228, 248)
            over(field, lit, draw_mask(canvas, panes))


def city(canvas: Canvas) -> Backdrop:
    base = canvas.between(0.66, 0.74)
    field = sky(canvas, end=base)
    _skyline(canvas, field, base)
    pavement = gradient(canvas, under_light(canvas, 176, 180, 188), under_light(canvas, 140, 144, 154))
    field += (pavement - field) * below(canvas, base)[..., None]
    return finish(canvas, field, ground=canvas.between(0.86, 0.92), horizon=base)


def street(canvas: Canvas) -> Backdrop:
    base = canvas.between(0.56, 0.64)
    field = sky(canvas, end=base)
    _skyline(canvas, field, base)
    over(field, under_light(canvas, 142, 172, 108), below(canvas, base))
    road = base + 0.1
    over(field, under_light(canvas, 196, 198, 202), below(canvas, road - 0.025))
    over(field, under_light(canvas, 96, 100, 110), below(canvas, road))

    def dashes(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        y = (road + 0.62 * (1 - road)) * height
        for x in np.arange(canvas.between(-0.1, 0), 1.1, 0.2):
            pen.rectangle((x * width, y, (x + 0.11) * width, y + 0.02 * height), fill=255)

    over(field, under_light(canvas, 244, 240, 220), draw_mask(canvas, dashes))
    return finish(canvas, field, ground=road + 0.55 * (1 - road), horizon=base)


def room(canvas: Canvas, wall: np.ndarray | None = None) -> Backdrop:
    horizon = canvas.between(0.66, 0.74)
    walls = [
        rgb(250, 222, 196),
        rgb(204, 226, 222),
        rgb(226, 214, 242),
        rgb(250, 236, 190),
        rgb(214, 226, 246),
    ]
    tone = wall if wall is not None else walls[int(canvas.rng.integers(len(walls)))]
    dim = np.array(
        {"rain": (0.85, 0.88, 0.92), "night": (0.5, 0.52, 0.72), "sunset": (1, 0.9, 0.82)}.get(
            canvas.time, (1, 1, 1)
        ),
        np.float32,
    )
    field = gradient(canvas, tone * 1.02, tone * 0.92) * dim
    left = canvas.between(0.08, 0.2) if canvas.rng.random() < 0.5 else canvas.between(0.62, 0.72)
    top, _ = SKIES[canvas.time]

    def frame(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        pen.rectangle((left * width, 0.1 * height, (left + 0.22) * width, 0.42 * height), fill=255)

    def pane(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        for x in (left + 0.015, left + 0.118):
            for y in (0.115, 0.268):
                pen.rectangle((x * width, y * height, (x + 0.087) * width, (y + 0.137) * height), fill=255)

    over(field, rgb(252, 250, 246) * dim, draw_mask(canvas, frame))
    over(field, top * 0.7 + 0.3 * (0.2 if canvas.time == "night" else 1.0), draw_mask(canvas, pane))
    floor = _planks(canvas, rgb(196, 148, 102), rgb(168, 118, 76), rows=6) * dim
    over(field, rgb(250, 246, 240) * dim, below(canvas, horizon - 0.025))
    field += (floor - field) * below(canvas, horizon)[..., None]
    return finish(canvas, field, ground=canvas.between(0.88, 0.93), horizon=horizon, lit=False)


def _planks(canvas: Canvas, light: np.ndarray, dark: np.ndarray, *, rows: int) -> Field:
    field = gradient(canvas, light, dark)
    grain = Image.fromarray(canvas.rng.uniform(-1, 1, (canvas.height // 3 + 1, 6)).astype(np.float32))
    field += (
        0.022 * np.asarray(grain.resize((canvas.width, canvas.height), Image.Resampling.BICUBIC))[..., None]
    )
    phase = (canvas.down() * rows * 2.6) % 1
    field *= (1 - 0.22 * np.exp(-(((phase - 0.5) / 0.045) ** 2)))[..., None]
    return field


def table(canvas: Canvas, wall: np.ndarray | None = None) -> Backdrop:
    horizon = canvas.between(0.58, 0.66)
    walls = [rgb(240, 226, 206), rgb(196, 216, 216), rgb(232, 208, 206), rgb(206, 214, 232)]
    tone = wall if wall is not None else walls[int(canvas.rng.integers(len(walls)))]
    dim = np.array(
        {"night": (0.45, 0.48, 0.68), "sunset": (1, 0.88, 0.8)}.get(canvas.time, (1, 1, 1)), np.float32
    )
    field = gradient(canvas, tone, tone * 0.86) * dim
    top = _planks(canvas, rgb(206, 152, 98), rgb(162, 106, 60), rows=5) * dim
    field += (top - field) * below(canvas, horizon)[..., None]
    over(field, rgb(232, 184, 130) * dim, 0.8 * (below(canvas, horizon) - below(canvas, horizon + 0.012)))
    return finish(canvas, field, ground=canvas.between(0.82, 0.88), horizon=horizon, lit=canvas.time != "day")


def brick_wall(canvas: Canvas) -> Backdrop:
    """A brick wall along a pavement."""
    horizon = canvas.between(0.74, 0.8)
    field = gradient(canvas, under_light(canvas, 178, 108, 84), under_light(canvas, 150, 86, 68))
    field += (0.03 * canvas.noise(4, 20))[..., None]
    tones = canvas.rng.uniform(-0.05, 0.05, (40, 40)).astype(np.float32)
    tall, wide = 0.062 * min(canvas.width, canvas.height), 0.15 * min(canvas.width, canvas.height)
    rows = (np.arange(canvas.height) / tall)[:, None]
    columns = np.arange(canvas.width)[None, :] / wide + 0.5 * (rows.astype(int) % 2)
    field += tones[rows.astype(int) % 40, columns.astype(int) % 40][..., None]
    joints = ((rows % 1) < 0.11) | ((columns % 1) < 0.05)
    over(field, under_light(canvas, 214, 190, 170), 0.8 * joints.astype(np.float32))
    pavement = gradient(canvas, under_light(canvas, 176, 172, 168), under_light(canvas, 146, 142, 140))
    pavement += (0.02 * canvas.noise(6, 24))[..., None]
    field += (pavement - field) * below(canvas, horizon)[..., None]
    over(
        field,
        under_light(canvas, 90, 76, 74),
        0.5 * (below(canvas, horizon) - below(canvas, horizon + 0.015)),
    )
    return finish(canvas, field, ground=canvas.between(0.88, 0.93), horizon=horizon)
