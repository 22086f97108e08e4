"""Six plain shapes drawn here, for the miniature run that needs no download."""

import math

import numpy as np
from PIL import Image, ImageDraw

from engine.training.data.rendered_cutouts import SIDE_PX, Cutout, Stack

_SHAPES = {
    "circle": ("🔴", (220, 60, 60)),
    "square": ("🟦", (60, 100, 220)),
    "triangle": ("🔺", (230, 150, 40)),
    "star": ("⭐", (240, 200, 50)),
    "cross": ("➕", (90, 170, 90)),
    "ring": ("⭕", (160, 80, 190)),
}


def shape_stack() -> Stack:
    """The shapes in one style, as a stack like that of the real drawings."""
    pictures, cutouts = [], []
    for row, (name, (emoji, colour)) in enumerate(_SHAPES.items()):
        pictures.append(np.asarray(_draw(name, colour)))
        cutouts.append(
            Cutout(row=row, name=name, emoji=emoji, keywords=("shape",), group=8, subgroup=96, style="glossy")
        )
    return Stack(tuple(cutouts), np.stack(pictures))


def _draw(name: str, colour: tuple[int, int, int]) -> Image.Image:
    side, far = 2 * SIDE_PX, 0.42 * 2 * SIDE_PX
    picture = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(picture)
    box = (side / 2 - far, side / 2 - far, side / 2 + far, side / 2 + far)
    if name == "circle":
        pen.ellipse(box, fill=colour)
    elif name == "square":
        pen.rectangle(box, fill=colour)
    elif name == "ring":
        pen.ellipse(box, outline=colour, width=side // 9)
    elif name == "cross":
        pen.rectangle((box[0], side * 0.38, box[2], side * 0.62), fill=colour)
        pen.rectangle((side * 0.38, box[1], side * 0.62, box[3]), fill=colour)
    else:
        points = 3 if name == "triangle" else 10
        radii = [far if at % 2 == 0 or points == 3 else far * 0.45 for at in range(points)]
        angles = [2 * math.pi * at / points - math.pi / 2 for at in range(points)]
        pen.polygon(
            [
                (side / 2 + r * math.cos(a), side / 2 + r * math.sin(a))
                for r, a in zip(radii, angles, strict=True)
            ],
            fill=colour,
        )
    return picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
