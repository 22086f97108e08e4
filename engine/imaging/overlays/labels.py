"""Labels that can be read on any picture."""

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

LABEL_FILL = (18, 18, 20, 205)
LABEL_EDGE = (255, 255, 255, 110)
LABEL_INK = (255, 255, 255, 255)
# Drawn this many times larger, then shrunk, so that round corners come out smooth.
OVERSAMPLING = 4


@lru_cache(maxsize=256)
def label(text: str, height: int) -> Image.Image:
    """White text on a dark rounded plate with a light edge: RGBA, `height` pixels tall, as wide as needed."""
    tall = height * OVERSAMPLING
    font = ImageFont.load_default(size=tall * 0.62)
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    ink_width, ink_height = right - left, bottom - top
    wide = max(tall, round(ink_width + tall * 0.5))
    plate = Image.new("RGBA", (wide, tall))
    draw = ImageDraw.Draw(plate)
    edge = max(OVERSAMPLING, tall // 22)
    draw.rounded_rectangle(
        (0, 0, wide - 1, tall - 1), radius=tall * 0.3, fill=LABEL_FILL, outline=LABEL_EDGE, width=edge
    )
    at = ((wide - ink_width) / 2 - left, (tall + ink_height) / 2 - bottom)
    draw.text(at, text, font=font, fill=LABEL_INK, anchor="ls", stroke_width=tall / 90, stroke_fill=LABEL_INK)
    return plate.resize((round(wide / OVERSAMPLING), height), Image.Resampling.BOX)


def place(picture: Image.Image, text: str, at: tuple[int, int], height: int) -> None:
    """Put a label on an RGB picture, its upper left corner at `at`."""
    plate = label(text, height)
    picture.paste(plate, at, plate)
