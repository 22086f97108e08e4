"""Elsewhere: space, the moon, under water; and rain or fog over any of the others."""

import numpy as np
from PIL import ImageDraw

from engine.layout_prior.scenes.drawing import Canvas, below, draw_mask, gradient, over, rgb, ridge, specks
from engine.layout_prior.scenes.sky import Backdrop, finish


def space(canvas: Canvas) -> Backdrop:
    field = gradient(canvas, rgb(10, 10, 30), rgb(26, 18, 56))
    for colour in (rgb(120, 60, 170), rgb(40, 90, 190)):
        over(field, colour, 0.55 * np.clip(canvas.noise(2, 5) * 1.3 - 0.15, 0, 1))
    over(field, rgb(255, 255, 255), specks(canvas, 90, top=0, bottom=1, radius=(0.001, 0.006)))
    return finish(canvas, field, ground=None, lit=False)


def moonscape(canvas: Canvas) -> Backdrop:
    field = np.asarray(space(canvas).picture, np.float32) / 255
    horizon = canvas.between(0.6, 0.68)
    near = gradient(canvas, rgb(196, 198, 206), rgb(136, 138, 150)) + (0.03 * canvas.noise(5, 18))[..., None]
    field += (near - field) * below(canvas, ridge(canvas, horizon, 0.03, 2))[..., None]
    return finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon, lit=False)


def underwater(canvas: Canvas) -> Backdrop:
    field = gradient(canvas, rgb(86, 200, 232), rgb(10, 62, 130))
    across = np.linspace(0, 1, canvas.width, dtype=np.float32)[None, :]
    rays = (
        np.clip(np.sin((across + 0.35 * canvas.down()) * 22 + canvas.between(0, 6)), 0, 1)
        * (1 - canvas.down())
        * 0.16
    )
    field += rays[..., None]
    sand = rgb(206, 190, 140) * 0.8 + np.zeros_like(field)
    field += (sand - field) * (0.85 * below(canvas, ridge(canvas, 0.9, 0.02, 3)))[..., None]
    over(field, rgb(220, 246, 255), 0.6 * specks(canvas, 14, top=0.1, bottom=0.85, radius=(0.004, 0.014)))
    return finish(canvas, field, ground=None, lit=False)


def rain(canvas: Canvas, dry: Backdrop) -> Backdrop:
    field = np.asarray(dry.picture, np.float32) / 255

    def streaks(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        shorter = min(width, height)
        for _ in range(90 * width * height // shorter**2):
            x, y = canvas.between(0, 1.1) * width, canvas.between(-0.05, 1) * height
            pen.line((x, y, x - 0.015 * shorter, y + 0.06 * shorter), fill=200, width=max(2, shorter // 220))

    over(field, rgb(206, 226, 246), 0.75 * draw_mask(canvas, streaks))
    return finish(canvas, field, ground=dry.ground, horizon=dry.horizon)


def fog(canvas: Canvas, clear: Backdrop) -> Backdrop:
    """Fog that is thickest at the horizon and hides what is far."""
    field = np.asarray(clear.picture, np.float32) / 255
    far = np.exp(-(((canvas.down() - min(clear.horizon, 0.8)) / 0.34) ** 2))
    share = np.clip(0.42 + 0.45 * far + 0.12 * canvas.noise(2, 4), 0, 0.93)
    over(field, rgb(226, 230, 231), share)
    return finish(canvas, field, ground=clear.ground, horizon=clear.horizon)
