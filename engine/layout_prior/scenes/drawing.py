"""The surface backgrounds are painted on, and the strokes they are painted with."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Field = np.ndarray  # float32 (height, width, 3), 0..1


@dataclass(frozen=True, slots=True)
class Canvas:
    rng: np.random.Generator
    width: int
    height: int
    time: str
    moon: bool = True

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


def rgb(*values: int) -> np.ndarray:
    return np.array(values, np.float32) / 255


def gradient(canvas: Canvas, top: np.ndarray, bottom: np.ndarray, *, end: float = 1.0) -> Field:
    share = np.clip(canvas.down() / end, 0, 1)[..., None]
    return np.broadcast_to(top * (1 - share) + bottom * share, (canvas.height, canvas.width, 3)).copy()


def over(field: Field, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Paint `colour` onto `field` where `alpha` (height, width; 0..1) says."""
    field += (colour - field) * alpha[..., None]


def below(canvas: Canvas, line: np.ndarray | float) -> np.ndarray:
    """1 under a line given per column as a share of the height, 0 above, one pixel soft."""
    return np.clip((canvas.down() - line) * canvas.height + 0.5, 0, 1) * np.ones(
        (1, canvas.width), np.float32
    )


def ridge(canvas: Canvas, middle: float, swing: float, waves: int) -> np.ndarray:
    """A rolling line across the picture, (1, width), as shares of the height."""
    coarse = canvas.rng.uniform(-1, 1, (1, waves + 3)).astype(np.float32)
    line = Image.fromarray(coarse).resize((canvas.width, 1), Image.Resampling.BICUBIC)
    return middle + swing * np.asarray(line)


def draw_mask(
    canvas: Canvas, draw: Callable[[ImageDraw.ImageDraw, int, int], None], blur: float = 0.0
) -> np.ndarray:
    """A mask drawn at twice the size, so that its edges are smooth; (height, width), 0..1."""
    mask = Image.new("L", (2 * canvas.width, 2 * canvas.height))
    draw(ImageDraw.Draw(mask), 2 * canvas.width, 2 * canvas.height)
    mask = mask.resize((canvas.width, canvas.height), Image.Resampling.BOX)
    if blur:
        mask = mask.filter(ImageFilter.GaussianBlur(blur * min(canvas.width, canvas.height)))
    return np.asarray(mask, np.float32) / 255


def specks(
    canvas: Canvas, count: int, *, top: float, bottom: float, radius: tuple[float, float]
) -> np.ndarray:
    """Round specks between two heights; radii are shares of the shorter side."""

    def draw(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        shorter = min(width, height)
        for _ in range(int(count * width * height / shorter**2)):
            x, y = canvas.between(0, 1) * width, canvas.between(top, bottom) * height
            size = max(1.0, canvas.between(*radius) * shorter)
            pen.ellipse((x - size, y - size, x + size, y + size), fill=int(canvas.between(150, 255)))

    return draw_mask(canvas, draw)


def clouds(canvas: Canvas, count: int, *, bottom: float) -> np.ndarray:
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

    return draw_mask(canvas, draw, blur=0.004)


def disc(canvas: Canvas, x: float, y: float, radius: float, blur: float = 0.0) -> np.ndarray:
    def draw(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        size = radius * min(width, height)
        pen.ellipse((x * width - size, y * height - size, x * width + size, y * height + size), fill=255)

    return draw_mask(canvas, draw, blur)
