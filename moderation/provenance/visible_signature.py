"""The visible signature, a small drawn easel in the lower right corner, and the label "AI" in the lower left one."""

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter, ImageStat

# Of the picture's shorter side.
_HEIGHT = 0.068
_SHORTEST_PIXELS = 14
_SMALLEST_SIDE_PIXELS = 64
_OVERSAMPLING = 8
_CREAM = (255, 250, 240)
_INK = (44, 38, 32)
_LINE_OPACITY = 0.92
_HALO_OPACITY = 0.55
_BRIGHT = 165  # of 255
# In units of 32, as in the project's own emblem: a canvas on three legs, with a hill and a sun on it.
_CANVAS = (5, 4, 27, 22)
_LEGS = ((11, 22, 7, 30), (21, 22, 25, 30), (16, 22, 16, 28))
_HILL = ((8.5, 18.5), (13.5, 11.5), (17.2, 15.6), (19.6, 12.6), (23.5, 18.5))
_SUN = (18.4, 6.6, 22.4, 10.6)
_LINE = 2.4
# The label: of the picture's shorter side, and its letters on a box of 48×32.
_LABEL_HEIGHT = 0.05
_SHORTEST_LABEL_PIXELS = 14
_LETTERS = (((9, 25), (17, 7), (25, 25)), ((12, 19), (22, 19)), ((35, 7), (35, 25)))


def sign_visibly(picture: Image.Image) -> Image.Image:
    """A copy with the signature, RGB; pictures under 64 pixels a side have no room for it."""
    signed = picture.convert("RGB")
    signed = signed.copy() if signed is picture else signed
    if min(signed.size) < _SMALLEST_SIDE_PIXELS:
        return signed
    height = max(_SHORTEST_PIXELS, round(min(signed.size) * _HEIGHT))
    margin = _margin(height)
    left, top = (side - height - 2 * margin - round(height * 0.25) for side in signed.size)
    ground = signed.crop((left, top, left + height + 2 * margin, top + height + 2 * margin))
    emblem = _emblem(height, bright_ground=ImageStat.Stat(ground.convert("L")).mean[0] > _BRIGHT)
    signed.paste(emblem, (left, top), emblem)
    return signed


@lru_cache(maxsize=16)
def _emblem(height: int, *, bright_ground: bool) -> Image.Image:
    """Cream lines with a soft dark halo, or the other way round on a bright ground: RGBA, with a margin."""
    line, halo = (_INK, _CREAM) if bright_ground else (_CREAM, _INK)
    margin = _margin(height)
    lines = _lines(height * _OVERSAMPLING).resize((height, height), Image.Resampling.LANCZOS)
    shape = Image.new("L", (height + 2 * margin, height + 2 * margin))
    shape.paste(lines, (margin, margin))
    around = shape.filter(ImageFilter.GaussianBlur(margin * 0.6))
    below, above = Image.new("RGBA", shape.size, halo), Image.new("RGBA", shape.size, line)
    below.putalpha(around.point(lambda value: round(min(255, value * 2.2) * _HALO_OPACITY)))
    above.putalpha(shape.point(lambda value: round(value * _LINE_OPACITY)))
    return Image.alpha_composite(below, above)


def _margin(height: int) -> int:
    return max(2, height // 6)


def _lines(side: int) -> Image.Image:
    """The drawing as an opacity mask of side×side."""
    mask = Image.new("L", (side, side))
    draw = ImageDraw.Draw(mask)
    scale = side / 32
    width = round(_LINE * scale)
    draw.rounded_rectangle(
        [coordinate * scale for coordinate in _CANVAS], radius=2.5 * scale, outline=255, width=width
    )
    for leg in _LEGS:
        draw.line([coordinate * scale for coordinate in leg], fill=255, width=width)
        for x, y in (leg[:2], leg[2:]):
            draw.circle((x * scale, y * scale), width / 2, fill=255)
    draw.polygon([(x * scale, y * scale) for x, y in _HILL], fill=255)
    draw.ellipse([coordinate * scale for coordinate in _SUN], fill=255)
    return mask


def label_visibly(picture: Image.Image) -> Image.Image:
    """A copy, RGB, with the letters AI in a box in the lower left corner; pictures under 64 pixels have no room."""
    labelled = picture.convert("RGB")
    labelled = labelled.copy() if labelled is picture else labelled
    if min(labelled.size) < _SMALLEST_SIDE_PIXELS:
        return labelled
    height = max(_SHORTEST_LABEL_PIXELS, round(min(labelled.size) * _LABEL_HEIGHT))
    box = _label(height)
    labelled.paste(box, (height // 3, labelled.height - height - height // 3), box)
    return labelled


@lru_cache(maxsize=16)
def _label(height: int) -> Image.Image:
    """Cream letters on a dark box that lets a little through: RGBA, 1.5 times as wide as high."""
    size = (round(1.5 * height) * _OVERSAMPLING, height * _OVERSAMPLING)
    box = Image.new("RGBA", size)
    draw = ImageDraw.Draw(box)
    unit = size[1] / 32
    draw.rounded_rectangle([0, 0, size[0] - 1, size[1] - 1], radius=6 * unit, fill=(*_INK, 215))
    for line in _LETTERS:
        points = [(x * unit, y * unit) for x, y in line]
        draw.line(points, fill=(*_CREAM, 255), width=round(3.4 * unit), joint="curve")
    return box.resize((round(1.5 * height), height), Image.Resampling.LANCZOS)
