"""Backgrounds: every scene painted from numbers alone, at any size, a little different for every seed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from engine.painters.collage.words import COLOURS

Colour = tuple[float, float, float]
Field = np.ndarray  # float32 (height, width, 3), 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """A painted background. `ground` is where things stand, 0 at the top and 1 at the bottom, None when they float.

    `light` multiplies the colours of the things; `horizon` is where the ground begins.
    """

    picture: Image.Image
    ground: float | None
    horizon: float = 1.0
    light: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Canvas:
    rng: np.random.Generator
    width: int
    height: int
    time: str

    def down(self) -> np.ndarray:
        """0 at the top row, 1 at the bottom row; (height, 1)."""
        return np.linspace(0, 1, self.height, dtype=np.float32)[:, None]

    def noise(self, *cells: int) -> np.ndarray:
        """Smooth noise of mean 0 in about -1..1, (height, width); `cells` waves across the shorter side."""
        total = np.zeros((self.height, self.width), np.float32)
        shorter = min(self.width, self.height)
        for count in cells:
            shape = (2 + self.height * count // shorter, 2 + self.width * count // shorter)
            coarse = self.rng.uniform(-1, 1, shape).astype(np.float32)
            grown = Image.fromarray(coarse).resize((self.width, self.height), Image.Resampling.BICUBIC)
            total += np.asarray(grown) / len(cells)
        return total

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))


def _rgb(*values: int) -> np.ndarray:
    return np.array(values, np.float32) / 255


def _gradient(canvas: _Canvas, top: np.ndarray, bottom: np.ndarray, *, end: float = 1.0) -> Field:
    share = np.clip(canvas.down() / end, 0, 1)[..., None]
    return np.broadcast_to(top * (1 - share) + bottom * share, (canvas.height, canvas.width, 3)).copy()


def _over(field: Field, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Paint `colour` onto `field` where `alpha` (height, width; 0..1) says."""
    field += (colour - field) * alpha[..., None]


def _below(canvas: _Canvas, line: np.ndarray | float) -> np.ndarray:
    """1 under a line given per column as a share of the height, 0 above, one pixel soft."""
    return np.clip((canvas.down() - line) * canvas.height + 0.5, 0, 1) * np.ones(
        (1, canvas.width), np.float32
    )


def _ridge(canvas: _Canvas, middle: float, swing: float, waves: int) -> np.ndarray:
    """A rolling line across the picture, (1, width), as shares of the height."""
    coarse = canvas.rng.uniform(-1, 1, (1, waves + 3)).astype(np.float32)
    line = Image.fromarray(coarse).resize((canvas.width, 1), Image.Resampling.BICUBIC)
    return middle + swing * np.asarray(line)


def _drawn(
    canvas: _Canvas, draw: Callable[[ImageDraw.ImageDraw, int, int], None], blur: float = 0.0
) -> np.ndarray:
    """A mask drawn at twice the size, so that its edges are smooth; (height, width), 0..1."""
    mask = Image.new("L", (2 * canvas.width, 2 * canvas.height))
    draw(ImageDraw.Draw(mask), 2 * canvas.width, 2 * canvas.height)
    mask = mask.resize((canvas.width, canvas.height), Image.Resampling.BOX)
    if blur:
        mask = mask.filter(ImageFilter.GaussianBlur(blur * min(canvas.width, canvas.height)))
    return np.asarray(mask, np.float32) / 255


def _specks(
    canvas: _Canvas, count: int, *, top: float, bottom: float, radius: tuple[float, float]
) -> np.ndarray:
    """Round specks between two heights; radii are shares of the shorter side."""

    def draw(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        shorter = min(width, height)
        for _ in range(int(count * width * height / shorter**2)):
            x, y = canvas.between(0, 1) * width, canvas.between(top, bottom) * height
            size = max(1.0, canvas.between(*radius) * shorter)
            pen.ellipse((x - size, y - size, x + size, y + size), fill=int(canvas.between(150, 255)))

    return _drawn(canvas, draw)


def _clouds(canvas: _Canvas, count: int, *, bottom: float) -> np.ndarray:
    def draw(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        shorter = min(width, height)
        for _ in range(max(1, count * width // shorter)):
            x, y, size = (
                canvas.between(0, 1) * width,
                canvas.between(0.06, bottom) * height,
                canvas.between(0.04, 0.08),
            )
            for step in range(5):
                puff = size * shorter * (1 - abs(step - 2) * 0.22) * canvas.between(0.8, 1.15)
                centre = x + (step - 2) * size * shorter * 0.95
                pen.ellipse((centre - puff, y - puff, centre + puff, y + puff * 0.75), fill=255)

    return _drawn(canvas, draw, blur=0.004)


_SKIES = {
    "day": (_rgb(86, 172, 246), _rgb(204, 234, 255)),
    "night": (_rgb(14, 20, 62), _rgb(52, 66, 132)),
    "sunset": (_rgb(84, 62, 146), _rgb(255, 172, 92)),
    "rain": (_rgb(108, 124, 146), _rgb(168, 182, 196)),
}
_LIGHTS: dict[str, Colour] = {
    "day": (1, 1, 1),
    "night": (0.74, 0.78, 0.98),
    "sunset": (1.0, 0.9, 0.8),
    "rain": (0.88, 0.92, 0.97),
}


def _sky(canvas: _Canvas, *, end: float = 1.0, moon: bool = True) -> Field:
    """The sky down to `end`, with clouds by day, stars and a moon by night, a low sun at sunset."""
    top, bottom = _SKIES[canvas.time]
    field = _gradient(canvas, top + canvas.between(-0.03, 0.03), bottom, end=end)
    if canvas.time == "night":
        _over(
            field, _rgb(255, 252, 224), _specks(canvas, 60, top=0, bottom=end * 0.95, radius=(0.001, 0.005))
        )
        if moon:
            x, y, size = canvas.between(0.12, 0.88), canvas.between(0.1, 0.2) * min(1, end + 0.2), 0.055
            _over(field, _rgb(190, 200, 240), 0.35 * _disc(canvas, x, y, size * 1.6, blur=0.03))
            _over(field, _rgb(255, 248, 214), _disc(canvas, x, y, size))
    elif canvas.time == "sunset":
        x, y = canvas.between(0.2, 0.8), end * canvas.between(0.72, 0.86)
        _over(field, _rgb(255, 222, 130), 0.7 * _disc(canvas, x, y, 0.2, blur=0.08))
        _over(field, _rgb(255, 244, 190), _disc(canvas, x, y, 0.085))
        _over(field, _rgb(255, 150, 120), 0.5 * _clouds(canvas, 2, bottom=end * 0.6))
    else:
        _over(field, _rgb(255, 255, 255), 0.85 * _clouds(canvas, 3, bottom=max(0.1, end * 0.55)))
    return field


def _disc(canvas: _Canvas, x: float, y: float, radius: float, blur: float = 0.0) -> np.ndarray:
    def draw(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        size = radius * min(width, height)
        pen.ellipse((x * width - size, y * height - size, x * width + size, y * height + size), fill=255)

    return _drawn(canvas, draw, blur)


def _dim(canvas: _Canvas, *values: int) -> np.ndarray:
    """A ground colour under the light of the hour."""
    factor = {
        "day": (1, 1, 1),
        "night": (0.34, 0.42, 0.68),
        "sunset": (0.92, 0.72, 0.66),
        "rain": (0.78, 0.82, 0.86),
    }
    return _rgb(*values) * np.array(factor[canvas.time], np.float32)


def _finish(
    canvas: _Canvas, field: Field, *, ground: float | None, horizon: float = 1.0, lit: bool = True
) -> Backdrop:
    pixels = (np.clip(field, 0, 1) * 255 + 0.5).astype(np.uint8)
    light = _LIGHTS[canvas.time] if lit else (1.0, 1.0, 1.0)
    return Backdrop(picture=Image.fromarray(pixels, "RGB"), ground=ground, horizon=horizon, light=light)


def _open_sky(canvas: _Canvas) -> Backdrop:
    return _finish(canvas, _sky(canvas), ground=None)


def _sea(canvas: _Canvas) -> Backdrop:
    horizon = canvas.between(0.46, 0.58)
    field = _sky(canvas, end=horizon)
    water = _gradient(canvas, _dim(canvas, 62, 160, 214), _dim(canvas, 16, 84, 160))
    depth = np.clip((canvas.down() - horizon) / (1 - horizon), 0, 1)
    wave = np.sin(canvas.down() ** 2 * 95 + 5 * canvas.noise(4)) * depth
    water += (0.07 * wave + 0.02 * canvas.noise(12))[..., None]
    field += (water - field) * _below(canvas, horizon)[..., None]
    return _finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon)


def _beach(canvas: _Canvas) -> Backdrop:
    horizon = canvas.between(0.42, 0.5)
    sea = _sea(_Canvas(canvas.rng, canvas.width, canvas.height, canvas.time))
    field = np.asarray(sea.picture, np.float32) / 255
    shore = _ridge(canvas, horizon + 0.2, 0.025, 3)
    _over(field, _dim(canvas, 250, 252, 255), _below(canvas, shore - 0.022))
    sand = _gradient(canvas, _dim(canvas, 246, 218, 160), _dim(canvas, 226, 188, 122))
    sand += (0.025 * canvas.noise(5, 24))[..., None]
    field += (sand - field) * _below(canvas, shore)[..., None]
    return _finish(canvas, field, ground=canvas.between(0.86, 0.92), horizon=horizon + 0.2)


def _grass(canvas: _Canvas) -> Backdrop:
    horizon = canvas.between(0.5, 0.6)
    field = _sky(canvas, end=horizon)
    _over(field, _dim(canvas, 132, 196, 110), _below(canvas, _ridge(canvas, horizon - 0.05, 0.05, 3)))
    near = _gradient(canvas, _dim(canvas, 118, 196, 76), _dim(canvas, 52, 142, 52))
    near += (0.03 * canvas.noise(6, 26))[..., None]
    field += (near - field) * _below(canvas, _ridge(canvas, horizon + 0.03, 0.02, 2))[..., None]

    def blades(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        shorter = min(width, height)
        for _ in range(110 * width // shorter):
            x, y = canvas.between(0, 1) * width, canvas.between(horizon + 0.1, 1.02) * height
            tall = canvas.between(0.015, 0.035) * shorter
            pen.line(
                (x, y, x + canvas.between(-0.4, 0.4) * tall, y - tall), fill=170, width=max(2, shorter // 180)
            )

    _over(field, _dim(canvas, 40, 122, 44), 0.7 * _drawn(canvas, blades))
    if canvas.rng.random() < 0.6:
        colour = [(255, 240, 120), (255, 255, 255), (255, 150, 190)][int(canvas.rng.integers(3))]
        specks = _specks(canvas, 12, top=horizon + 0.12, bottom=1, radius=(0.006, 0.012))
        _over(field, _dim(canvas, *colour), specks)
    return _finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon)


def _snow(canvas: _Canvas) -> Backdrop:
    horizon = canvas.between(0.5, 0.6)
    field = _sky(canvas, end=horizon)
    if canvas.time == "day":
        field = field * 0.55 + 0.45 * _rgb(214, 228, 244)
    _over(field, _dim(canvas, 214, 228, 246), _below(canvas, _ridge(canvas, horizon - 0.06, 0.06, 3)))
    near = _gradient(canvas, _dim(canvas, 252, 253, 255), _dim(canvas, 206, 222, 244))
    near += (0.015 * canvas.noise(4))[..., None]
    field += (near - field) * _below(canvas, _ridge(canvas, horizon + 0.03, 0.025, 2))[..., None]
    if canvas.rng.random() < 0.85:
        _over(
            field, _rgb(255, 255, 255), 0.95 * _specks(canvas, 55, top=0, bottom=0.95, radius=(0.003, 0.009))
        )
    return _finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon)


def _desert(canvas: _Canvas) -> Backdrop:
    horizon = canvas.between(0.5, 0.58)
    field = _sky(canvas, end=horizon)
    for step, colour in enumerate([(240, 196, 128), (232, 178, 104), (222, 162, 86)]):
        line = _ridge(canvas, horizon + 0.1 * step, 0.05, 2 + step)
        shade = _dim(canvas, *colour) * (1 - 0.12 * np.clip(canvas.down() - line, 0, 1))[..., None]
        alpha = _below(canvas, line)
        field += (shade - field) * alpha[..., None]
    return _finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon)


def _mountains(canvas: _Canvas) -> Backdrop:
    horizon = canvas.between(0.62, 0.7)
    field = _sky(canvas, end=horizon)

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

        _over(field, _dim(canvas, *colour), _drawn(canvas, slopes))
        _over(field, _dim(canvas, 246, 250, 255), _drawn(canvas, caps))
    near = _gradient(canvas, _dim(canvas, 122, 186, 96), _dim(canvas, 66, 140, 66))
    near += (0.025 * canvas.noise(6, 22))[..., None]
    field += (near - field) * _below(canvas, _ridge(canvas, horizon, 0.02, 2))[..., None]
    return _finish(canvas, field, ground=canvas.between(0.86, 0.92), horizon=horizon)


def _forest(canvas: _Canvas) -> Backdrop:
    horizon = canvas.between(0.62, 0.7)
    field = _sky(canvas, end=horizon)
    field = field * 0.6 + 0.4 * _dim(canvas, 196, 226, 190)
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

        _over(field, _dim(canvas, *colour), _drawn(canvas, firs))
        _over(field, _dim(canvas, *colour), _below(canvas, base - 0.01))
    near = _gradient(canvas, _dim(canvas, 74, 134, 66), _dim(canvas, 58, 108, 50))
    near += (0.03 * canvas.noise(7, 26))[..., None]
    field += (near - field) * _below(canvas, _ridge(canvas, horizon + 0.08, 0.015, 3))[..., None]
    return _finish(canvas, field, ground=canvas.between(0.86, 0.92), horizon=horizon)


def _skyline(canvas: _Canvas, field: Field, base: float) -> None:
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

        _over(field, _dim(canvas, *colour), _drawn(canvas, walls))
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

            lit = _rgb(255, 226, 140) if canvas.time in ("night", "sunset") else _rgb(206, 228, 248)
            _over(field, lit, _drawn(canvas, panes))


def _city(canvas: _Canvas) -> Backdrop:
    base = canvas.between(0.66, 0.74)
    field = _sky(canvas, end=base)
    _skyline(canvas, field, base)
    pavement = _gradient(canvas, _dim(canvas, 176, 180, 188), _dim(canvas, 140, 144, 154))
    field += (pavement - field) * _below(canvas, base)[..., None]
    return _finish(canvas, field, ground=canvas.between(0.86, 0.92), horizon=base)


def _street(canvas: _Canvas) -> Backdrop:
    base = canvas.between(0.56, 0.64)
    field = _sky(canvas, end=base)
    _skyline(canvas, field, base)
    _over(field, _dim(canvas, 120, 180, 96), _below(canvas, base))
    road = base + 0.1
    _over(field, _dim(canvas, 196, 198, 202), _below(canvas, road - 0.025))
    _over(field, _dim(canvas, 96, 100, 110), _below(canvas, road))

    def dashes(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        y = (road + 0.62 * (1 - road)) * height
        for x in np.arange(canvas.between(-0.1, 0), 1.1, 0.2):
            pen.rectangle((x * width, y, (x + 0.11) * width, y + 0.02 * height), fill=255)

    _over(field, _dim(canvas, 244, 240, 220), _drawn(canvas, dashes))
    return _finish(canvas, field, ground=road + 0.55 * (1 - road), horizon=base)


def _room(canvas: _Canvas, wall: np.ndarray | None = None) -> Backdrop:
    horizon = canvas.between(0.66, 0.74)
    walls = [
        _rgb(250, 222, 196),
        _rgb(204, 226, 222),
        _rgb(226, 214, 242),
        _rgb(250, 236, 190),
        _rgb(214, 226, 246),
    ]
    tone = wall if wall is not None else walls[int(canvas.rng.integers(len(walls)))]
    dim = np.array(
        {"rain": (0.85, 0.88, 0.92), "night": (0.5, 0.52, 0.72), "sunset": (1, 0.9, 0.82)}.get(
            canvas.time, (1, 1, 1)
        ),
        np.float32,
    )
    field = _gradient(canvas, tone * 1.02, tone * 0.92) * dim
    left = canvas.between(0.08, 0.2) if canvas.rng.random() < 0.5 else canvas.between(0.62, 0.72)
    top, _ = _SKIES[canvas.time]

    def frame(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        pen.rectangle((left * width, 0.1 * height, (left + 0.22) * width, 0.42 * height), fill=255)

    def pane(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        for x in (left + 0.015, left + 0.118):
            for y in (0.115, 0.268):
                pen.rectangle((x * width, y * height, (x + 0.087) * width, (y + 0.137) * height), fill=255)

    _over(field, _rgb(252, 250, 246) * dim, _drawn(canvas, frame))
    _over(field, top * 0.7 + 0.3 * (0.2 if canvas.time == "night" else 1.0), _drawn(canvas, pane))
    floor = _planks(canvas, _rgb(196, 148, 102), _rgb(168, 118, 76), rows=6) * dim
    _over(field, _rgb(250, 246, 240) * dim, _below(canvas, horizon - 0.025))
    field += (floor - field) * _below(canvas, horizon)[..., None]
    return _finish(canvas, field, ground=canvas.between(0.88, 0.93), horizon=horizon, lit=False)


def _planks(canvas: _Canvas, light: np.ndarray, dark: np.ndarray, *, rows: int) -> Field:
    field = _gradient(canvas, light, dark)
    grain = Image.fromarray(canvas.rng.uniform(-1, 1, (canvas.height // 3 + 1, 6)).astype(np.float32))
    field += (
        0.022 * np.asarray(grain.resize((canvas.width, canvas.height), Image.Resampling.BICUBIC))[..., None]
    )
    phase = (canvas.down() * rows * 2.6) % 1
    field *= (1 - 0.22 * np.exp(-(((phase - 0.5) / 0.045) ** 2)))[..., None]
    return field


def _table(canvas: _Canvas, wall: np.ndarray | None = None) -> Backdrop:
    horizon = canvas.between(0.58, 0.66)
    walls = [_rgb(240, 226, 206), _rgb(196, 216, 216), _rgb(232, 208, 206), _rgb(206, 214, 232)]
    tone = wall if wall is not None else walls[int(canvas.rng.integers(len(walls)))]
    dim = np.array(
        {"night": (0.45, 0.48, 0.68), "sunset": (1, 0.88, 0.8)}.get(canvas.time, (1, 1, 1)), np.float32
    )
    field = _gradient(canvas, tone, tone * 0.86) * dim
    top = _planks(canvas, _rgb(206, 152, 98), _rgb(162, 106, 60), rows=5) * dim
    field += (top - field) * _below(canvas, horizon)[..., None]
    _over(field, _rgb(232, 184, 130) * dim, 0.8 * (_below(canvas, horizon) - _below(canvas, horizon + 0.012)))
    return _finish(
        canvas, field, ground=canvas.between(0.82, 0.88), horizon=horizon, lit=canvas.time != "day"
    )


def _space(canvas: _Canvas) -> Backdrop:
    field = _gradient(canvas, _rgb(10, 10, 30), _rgb(26, 18, 56))
    for colour in (_rgb(120, 60, 170), _rgb(40, 90, 190)):
        _over(field, colour, 0.55 * np.clip(canvas.noise(2, 5) * 1.3 - 0.15, 0, 1))
    _over(field, _rgb(255, 255, 255), _specks(canvas, 90, top=0, bottom=1, radius=(0.001, 0.006)))
    return _finish(canvas, field, ground=None, lit=False)


def _moonscape(canvas: _Canvas) -> Backdrop:
    field = np.asarray(_space(canvas).picture, np.float32) / 255
    horizon = canvas.between(0.6, 0.68)
    near = (
        _gradient(canvas, _rgb(196, 198, 206), _rgb(136, 138, 150)) + (0.03 * canvas.noise(5, 18))[..., None]
    )
    field += (near - field) * _below(canvas, _ridge(canvas, horizon, 0.03, 2))[..., None]
    return _finish(canvas, field, ground=canvas.between(0.84, 0.9), horizon=horizon, lit=False)


def _underwater(canvas: _Canvas) -> Backdrop:
    field = _gradient(canvas, _rgb(86, 200, 232), _rgb(10, 62, 130))
    across = np.linspace(0, 1, canvas.width, dtype=np.float32)[None, :]
    rays = (
        np.clip(np.sin((across + 0.35 * canvas.down()) * 22 + canvas.between(0, 6)), 0, 1)
        * (1 - canvas.down())
        * 0.16
    )
    field += rays[..., None]
    sand = _rgb(206, 190, 140) * 0.8 + np.zeros_like(field)
    field += (sand - field) * (0.85 * _below(canvas, _ridge(canvas, 0.9, 0.02, 3)))[..., None]
    _over(field, _rgb(220, 246, 255), 0.6 * _specks(canvas, 14, top=0.1, bottom=0.85, radius=(0.004, 0.014)))
    return _finish(canvas, field, ground=None, lit=False)


def _rain(canvas: _Canvas, dry: Backdrop) -> Backdrop:
    field = np.asarray(dry.picture, np.float32) / 255

    def streaks(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        shorter = min(width, height)
        for _ in range(90 * width * height // shorter**2):
            x, y = canvas.between(0, 1.1) * width, canvas.between(-0.05, 1) * height
            pen.line((x, y, x - 0.015 * shorter, y + 0.06 * shorter), fill=200, width=max(2, shorter // 220))

    _over(field, _rgb(206, 226, 246), 0.75 * _drawn(canvas, streaks))
    return _finish(canvas, field, ground=dry.ground, horizon=dry.horizon)


_SCENES: dict[str, Callable[[_Canvas], Backdrop]] = {
    "sky": _open_sky,
    "sea": _sea,
    "beach": _beach,
    "grass": _grass,
    "snow": _snow,
    "desert": _desert,
    "mountains": _mountains,
    "forest": _forest,
    "city": _city,
    "street": _street,
    "room": _room,
    "table": _table,
    "space": _space,
    "moonscape": _moonscape,
    "underwater": _underwater,
}
SCENE_NAMES = tuple(_SCENES)


def paint_scene(
    name: str, *, time: str, colour: str | None, width: int, height: int, rng: np.random.Generator
) -> Backdrop:
    """A scene of `SCENE_NAMES` at a time of day; `colour` is that of the wall, where there is one."""
    canvas = _Canvas(rng, width, height, time)
    if name in ("room", "table"):
        wall = None if colour is None else np.array(COLOURS[colour], np.float32) / 255 * 0.9 + 0.08
        return _room(canvas, wall) if name == "room" else _table(canvas, wall)
    painted = _SCENES[name](canvas)
    return (
        _rain(canvas, painted)
        if time == "rain" and name not in ("space", "moonscape", "underwater")
        else painted
    )


def paint_plain(
    tone: tuple[float, float, float], *, exact: bool, width: int, height: int, rng: np.random.Generator
) -> Backdrop:
    """A studio wall in one tone (0..1), lighter in the middle; without `exact`, sometimes fading or patterned."""
    canvas = _Canvas(rng, width, height, "day")
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
        dots = _specks(canvas, 26, top=0, bottom=1, radius=(0.008, 0.02))
        field *= 1 + 0.07 * dots[..., None]
    return _finish(canvas, field, ground=None, lit=False)
