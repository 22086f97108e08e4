"""Open country: sky, sea, beach, meadow, snow, desert, mountains, forest."""

import numpy as np
from PIL import ImageDraw

from engine.layout_prior.scenes.drawing import Canvas, below, draw_mask, gradient, over, rgb, ridge, specks
from engine.layout_prior.scenes.sky import Backdrop, finish, sky, under_light


def open_sky(canvas: Canvas) -> Backdrop:
    return finish(canvas, sky(canvas), ground=None)


def sea(canvas: Canvas) -> Backdrop:
    horizon = canvas.between(0.46, 0.58)
    field = sky(canvas, end=horizon)
    water = gradient(canvas, under_light(canvas, 98, 162, 192), under_light(canvas, 32, 86, 136))
    depth = np.clip((canvas.down() - horizon) / (1 - horizon), 0, 1)
    wave = np.sin(canvas.down() ** 2 * 95 + 5 * canvas.noise(4)) * depth
    water += (0.07 * wave + 0.02 * canvas.noise(12))[..., None]
    field += (water - field) * below(canvas, horizon)[..., None]
    return finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon)


def beach(canvas: Canvas) -> Backdrop:
    horizon = canvas.between(0.42, 0.5)
    water_scene = sea(canvas)
    field = np.asarray(water_scene.picture, np.float32) / 255
    shore = ridge(canvas, horizon + 0.2, 0.025, 3)
    over(field, under_light(canvas, 250, 252, 255), below(canvas, shore - 0.022))
    sand = gradient(canvas, under_light(canvas, 246, 218, 160), under_light(canvas, 226, 188, 122))
    sand += (0.025 * canvas.noise(5, 24))[..., None]
    field += (sand - field) * below(canvas, shore)[..., None]
    return finish(canvas, field, ground=canvas.between(0.86, 0.92), horizon=horizon + 0.2)


def grass(canvas: Canvas) -> Backdrop:
    horizon = canvas.between(0.5, 0.6)
    field = sky(canvas, end=horizon)
    over(field, under_light(canvas, 160, 190, 134), below(canvas, ridge(canvas, horizon - 0.05, 0.05, 3)))
    near = gradient(canvas, under_light(canvas, 150, 186, 102), under_light(canvas, 82, 132, 66))
    near += (0.03 * canvas.noise(6, 26))[..., None]
    field += (near - field) * below(canvas, ridge(canvas, horizon + 0.03, 0.02, 2))[..., None]

    def blades(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        shorter = min(width, height)
        for _ in range(110 * width // shorter):
            x, y = canvas.between(0, 1) * width, canvas.between(horizon + 0.1, 1.02) * height
            tall = canvas.between(0.015, 0.035) * shorter
            pen.line(
                (x, y, x + canvas.between(-0.4, 0.4) * tall, y - tall), fill=170, width=max(2, shorter // 180)
            )

    over(field, under_light(canvas, 66, 112, 54), 0.7 * draw_mask(canvas, blades))
    if canvas.rng.random() < 0.6:
        colour = [(255, 240, 120), (255, 255, 255), (255, 150, 190)][int(canvas.rng.integers(3))]
        petals = specks(canvas, 12, top=horizon + 0.12, bottom=1, radius=(0.006, 0.012))
        over(field, under_light(canvas, *colour), petals)
    return finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon)


def snow(canvas: Canvas) -> Backdrop:
    horizon = canvas.between(0.5, 0.6)
    field = sky(canvas, end=horizon)
    if canvas.time == "day":
        field = field * 0.55 + 0.45 * rgb(214, 228, 244)
    over(field, under_light(canvas, 214, 228, 246), below(canvas, ridge(canvas, horizon - 0.06, 0.06, 3)))
    near = gradient(canvas, under_light(canvas, 252, 253, 255), under_light(canvas, 206, 222, 244))
    near += (0.015 * canvas.noise(4))[..., None]
    field += (near - field) * below(canvas, ridge(canvas, horizon + 0.03, 0.025, 2))[..., None]
    if canvas.rng.random() < 0.85:
        over(field, rgb(255, 255, 255), 0.95 * specks(canvas, 55, top=0, bottom=0.95, radius=(0.003, 0.009)))
    return finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon)


def desert(canvas: Canvas) -> Backdrop:
    horizon = canvas.between(0.5, 0.58)
    field = sky(canvas, end=horizon)
    for step, colour in enumerate([(240, 196, 128), (232, 178, 104), (222, 162, 86)]):
        line = ridge(canvas, horizon + 0.1 * step, 0.05, 2 + step)
        shade = under_light(canvas, *colour) * (1 - 0.12 * np.clip(canvas.down() - line, 0, 1))[..., None]
        alpha = below(canvas, line)
        field += (shade - field) * alpha[..., None]
    return finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon)


def mountains(canvas: Canvas) -> Backdrop:
    horizon = canvas.between(0.62, 0.7)
    field = sky(canvas, end=horizon)

    def peaks(low: float, high: float, count: int) -> list[tuple[float, float]]:
        return [
            (canvas.between(i / count, (i + 1) / count), horizon - canvas.between(low, high))
            for i in range(count)
        ]

    for colour, low, high in (((142, 164, 200), 0.25, 0.42), ((98, 122, 164), 0.12, 0.28)):
        tops = peaks(low, high, 4)

        def slopes(
            pen: ImageDraw.ImageDraw, width: int, height: int, tops: list[tuple[float, float]] = tops
        ) -> None:
            for x, y in tops:
                foot = (horizon + 0.05 - y) * 0.95
                pen.polygon(
                    [((x - foot) * width, (horizon + 0.05) * height), (x * width, y * height),
                     ((x + foot) * width, (horizon + 0.05) * height)], fill=255,
                )  # fmt: skip

        def caps(
            pen: ImageDraw.ImageDraw, width: int, height: int, tops: list[tuple[float, float]] = tops
        ) -> None:
            for x, y in tops:
                tall = (horizon + 0.05 - y) * 0.28
                half = tall * 0.95
                pen.polygon(
                    [((x - half) * width, (y + tall) * height), (x * width, y * height),
                     ((x + half) * width, (y + tall) * height), ((x + half * 0.3) * width, (y + tall * 0.75) * height),
                     (x * width, (y + tall * 1.1) * height), ((x - half * 0.4) * width, (y + tall * 0.7) * height)],
                    fill=255,
                )  # fmt: skip

        over(field, under_light(canvas, *colour), draw_mask(canvas, slopes))
        over(field, under_light(canvas, 246, 250, 255), draw_mask(canvas, caps))
    near = gradient(canvas, under_light(canvas, 144, 176, 108), under_light(canvas, 84, 128, 72))
    near += (0.025 * canvas.noise(6, 22))[..., None]
    field += (near - field) * below(canvas, ridge(canvas, horizon, 0.02, 2))[..., None]
    return finish(canvas, field, ground=canvas.between(0.86, 0.92), horizon=horizon)


def forest(canvas: Canvas) -> Backdrop:
    horizon = canvas.between(0.62, 0.7)
    field = sky(canvas, end=horizon)
    field = field * 0.6 + 0.4 * under_light(canvas, 196, 226, 190)
    for step, colour in enumerate([(122, 178, 128), (76, 142, 92), (40, 104, 66)]):
        base = horizon + 0.02 + 0.03 * step
        trees = [
            (
                x + canvas.between(-0.03, 0.03),
                canvas.between(0.3, 0.5) * (0.8 + 0.2 * step),
                canvas.between(0.05, 0.08),
            )
            for x in np.arange(0, 1.05, 0.12 + 0.03 * step)
        ]

        def firs(
            pen: ImageDraw.ImageDraw,
            width: int,
            height: int,
            trees: list[tuple[float, float, float]] = trees,
            base: float = base,
        ) -> None:
            for x, tall, half in trees:
                for part in range(3):
                    low, high = base - tall * part * 0.26, base - tall * (part * 0.26 + 0.48)
                    wide = half * (1 - part * 0.24)
                    pen.polygon(
                        [
                            ((x - wide) * width, low * height),
                            (x * width, high * height),
                            ((x + wide) * width, low * height),
                        ],
                        fill=255,
                    )

        over(field, under_light(canvas, *colour), draw_mask(canvas, firs))
        over(field, under_light(canvas, *colour), below(canvas, base - 0.01))
    near = gradient(canvas, under_light(canvas, 74, 134, 66), under_light(canvas, 58, 108, 50))
    near += (0.03 * canvas.noise(7, 26))[..., None]
    field += (near - field) * below(canvas, ridge(canvas, horizon + 0.08, 0.015, 3))[..., None]
    return finish(canvas, field, ground=canvas.between(0.86, 0.92), horizon=horizon)
