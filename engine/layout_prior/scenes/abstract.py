"""Abstract compositions, for words that name no thing: a few shapes in a few colours that go together."""

import zlib
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from engine.layout_prior.language.abstract_words import ABSTRACTS
from engine.layout_prior.scenes.drawing import Canvas
from engine.layout_prior.scenes.sky import Backdrop, finish

Tone = tuple[int, int, int]
# The ground first, then four tones that stand on it.
PALETTES: tuple[tuple[Tone, ...], ...] = (
    ((238, 230, 214), (196, 92, 62), (42, 62, 80), (222, 170, 88), (122, 150, 142)),
    ((226, 232, 232), (38, 70, 83), (42, 130, 124), (233, 178, 96), (206, 106, 82)),
    ((30, 34, 52), (94, 110, 168), (214, 166, 142), (236, 214, 180), (150, 84, 98)),
    ((244, 236, 226), (150, 104, 112), (208, 164, 152), (92, 108, 98), (232, 204, 160)),
    ((222, 228, 236), (70, 98, 140), (134, 166, 196), (240, 238, 232), (196, 158, 116)),
    ((40, 54, 50), (118, 146, 108), (220, 206, 150), (178, 94, 62), (232, 228, 210)),
    ((246, 240, 230), (214, 120, 96), (238, 186, 132), (120, 132, 164), (66, 72, 100)),
)
Pen = ImageDraw.ImageDraw
Draw = Callable[[Pen, Canvas, Sequence[Tone], int, int], None]


def paint_abstract(canvas: Canvas, words: Sequence[str]) -> Backdrop:
    """A composition that suits the words: its colours come from the words, the arrangement from the dice."""
    forms = [form_of(word) for word in words[:2]]
    tones = PALETTES[zlib.crc32(" ".join(words).encode("utf-8", "replace")) % len(PALETTES)]
    side = 2 * canvas.width, 2 * canvas.height
    picture = Image.new("RGB", side, tones[0])
    for number, form in enumerate(forms):
        layer = Image.new("RGBA", side)
        FORMS[form](ImageDraw.Draw(layer), canvas, tones[1:], *side)
        if len(forms) > 1:  # one word on each half of the picture
            half = Image.new("L", side, 0)
            edge = side[0] // 2
            half.paste(255, (0, 0, edge, side[1]) if number == 0 else (edge, 0, *side))
            layer.putalpha(Image.composite(layer.getchannel("A"), Image.new("L", side), half))
        shadow = layer.getchannel("A").filter(ImageFilter.GaussianBlur(min(side) / 70))
        picture.paste(
            Image.new("RGB", side, (24, 22, 34)),
            (min(side) // 120, min(side) // 80),
            shadow.point(lambda a: a // 6),
        )
        picture.paste(layer, (0, 0), layer)
    field = np.asarray(picture.resize((canvas.width, canvas.height), Image.Resampling.BOX), np.float32) / 255
    field = field * (1 + 0.03 * canvas.noise(9, 30) + 0.05 * canvas.noise(2))[..., None]
    return finish(canvas, field, ground=None, lit=False)


def form_of(word: str) -> str:
    """The form of a word: by its mood where that is known, else by its letters, the same for the same word."""
    return ABSTRACTS.get(word) or tuple(FORMS)[zlib.crc32(word.encode("utf-8", "replace")) % len(FORMS)]


def _bands(pen: Pen, canvas: Canvas, tones: Sequence[Tone], width: int, height: int) -> None:
    """Calm: broad fields above each other, and a disc."""
    top = canvas.between(0.4, 0.5)
    order = canvas.rng.permutation(len(tones))
    for number, share in enumerate((top, top + 0.16, top + 0.34)):
        swing = canvas.between(0.01, 0.05)
        line = [
            (x / 40 * width, (share + swing * np.sin(x / 40 * 4 + number * 2)) * height) for x in range(41)
        ]
        pen.polygon([*line, (width, height), (0, height)], fill=tones[order[number]])
    radius = canvas.between(0.1, 0.15) * min(width, height)
    x, y = canvas.between(0.3, 0.7) * width, canvas.between(0.2, 0.28) * height
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tones[order[3]])


def _grid(pen: Pen, canvas: Canvas, tones: Sequence[Tone], width: int, height: int) -> None:
    """Order: quarter circles, discs and squares in a grid."""
    cells = 5
    side = min(width, height) / cells
    for row in range(int(height / side) + 1):
        for column in range(int(width / side) + 1):
            x, y = column * side, row * side
            tone, other = (tones[int(at)] for at in canvas.rng.permutation(len(tones))[:2])
            kind = int(canvas.rng.integers(4))
            if kind == 0:
                pen.ellipse((x + side * 0.14, y + side * 0.14, x + side * 0.86, y + side * 0.86), fill=tone)
            elif kind == 1:
                start = 90 * int(canvas.rng.integers(4))
                cx, cy = x + side * (start in (90, 180)), y + side * (start in (180, 270))
                pen.pieslice((cx - side, cy - side, cx + side, cy + side), start, start + 90, fill=tone)
            elif kind == 2:
                pen.rectangle((x, y, x + side, y + side), fill=tone)
                pen.ellipse((x + side * 0.3, y + side * 0.3, x + side * 0.7, y + side * 0.7), fill=other)


def _shards(pen: Pen, canvas: Canvas, tones: Sequence[Tone], width: int, height: int) -> None:
    """Chaos: splinters and strokes in all directions."""
    for _ in range(34):
        x, y = canvas.between(0.05, 0.95) * width, canvas.between(0.05, 0.95) * height
        angle, far = canvas.between(0, 2 * np.pi), canvas.between(0.08, 0.3) * min(width, height)
        wide = canvas.between(0.06, 0.4)
        tone = tones[int(canvas.rng.integers(len(tones)))]
        points = [(x + far * np.cos(angle + a), y + far * np.sin(angle + a)) for a in (0, wide, np.pi)]
        if canvas.rng.random() < 0.3:
            pen.line([points[0], points[2]], fill=tone, width=max(2, min(width, height) // 90))
        else:
            pen.polygon(points, fill=tone)


def _ribbons(pen: Pen, canvas: Canvas, tones: Sequence[Tone], width: int, height: int) -> None:
    """Movement: ribbons that rise and fall across the picture."""
    for number in range(6):
        base, swing = 0.16 + 0.13 * number + canvas.between(-0.03, 0.03), canvas.between(0.05, 0.12)
        phase, thick = canvas.between(0, 6), canvas.between(0.025, 0.06)
        xs = np.linspace(-0.02, 1.02, 60)
        ys = base + swing * np.sin(2 * np.pi * canvas.between(0.6, 1.1) * xs + phase) - 0.18 * (xs - 0.5)
        grow = thick * (0.6 + 0.5 * np.sin(3 * xs + phase))
        upper = [(x * width, (y - g) * height) for x, y, g in zip(xs, ys, grow, strict=True)]
        lower = [(x * width, (y + g) * height) for x, y, g in zip(xs, ys, grow, strict=True)]
        pen.polygon([*upper, *lower[::-1]], fill=tones[number % len(tones)])


def _rings(pen: Pen, canvas: Canvas, tones: Sequence[Tone], width: int, height: int) -> None:
    """Time and thought: rings around one point, and small bodies on them."""
    x, y = canvas.between(0.4, 0.6) * width, canvas.between(0.42, 0.58) * height
    for number in range(6):
        radius = (0.46 - 0.072 * number) * min(width, height)
        tone = tones[number % len(tones)]
        if number % 2:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tone)
        else:
            pen.ellipse(
                (x - radius, y - radius, x + radius, y + radius), outline=tone, width=min(width, height) // 50
            )
        angle, size = canvas.between(0, 2 * np.pi), canvas.between(0.014, 0.032) * min(width, height)
        dx, dy = x + radius * np.cos(angle), y + radius * np.sin(angle)
        pen.ellipse((dx - size, dy - size, dx + size, dy + size), fill=tones[(number + 2) % len(tones)])


def _rise(pen: Pen, canvas: Canvas, tones: Sequence[Tone], width: int, height: int) -> None:
    """Freedom and hope: wings of arcs that open upwards from below."""
    x, y = canvas.between(0.4, 0.6) * width, 0.96 * height
    for number in range(11):
        lean = -1.25 + 0.25 * number
        far = canvas.between(0.6, 0.86) * min(width, height) * (1 - 0.1 * abs(lean))
        tip = x + far * np.sin(lean), y - far * np.cos(lean)
        side = 0.09 * min(width, height)
        bend = x + 0.5 * far * np.sin(lean - 0.3), y - 0.5 * far * np.cos(lean - 0.3)
        back = x + 0.5 * far * np.sin(lean + 0.2), y - 0.5 * far * np.cos(lean + 0.2)
        pen.polygon([(x, y), bend, tip, back], fill=tones[number % len(tones)])
        if number % 3 == 0:
            dot = 0.24 * side
            pen.ellipse(
                (tip[0] - dot, tip[1] - 3 * dot, tip[0] + dot, tip[1] - dot), fill=tones[(number + 1) % 4]
            )


FORMS: dict[str, Draw] = {
    "bands": _bands,
    "grid": _grid,
    "shards": _shards,
    "ribbons": _ribbons,
    "rings": _rings,
    "rise": _rise,
}
