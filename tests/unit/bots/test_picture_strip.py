"""The strip of pictures that a game ends with."""

import io

from PIL import Image

from bots.drawing.picture_strip import StripTile, draw_strip
from tests.support.fakes import FakeStore

TILE, GAP = 256, 16


def _png(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 200), colour).save(file, "PNG")
    return file.getvalue()


STORE = FakeStore()
BLUE = STORE.put(_png("#0000ff"), suffix=".png")


def _strip(*tiles: StripTile) -> Image.Image:
    return Image.open(io.BytesIO(draw_strip(tiles, STORE))).convert("RGB")


def test_six_pictures_are_in_a_row_and_the_seventh_begins_another() -> None:
    tiles = [StripTile(key=BLUE, caption=str(number)) for number in range(1, 8)]
    assert _strip(*tiles[:6]).width == _strip(*tiles).width
    assert _strip(*tiles[:6]).height < _strip(*tiles).height


def test_a_picture_that_is_gone_is_a_grey_tile_with_words() -> None:
    strip = _strip(
        StripTile(key=BLUE, caption="1"), StripTile(key=None, caption="2", caption_of_gone="removed")
    )
    assert strip.getpixel((GAP + 5, GAP + 5)) == (0, 0, 255)
    removed = strip.crop((2 * GAP + TILE, GAP, 2 * (GAP + TILE), GAP + TILE))
    assert removed.getpixel((5, 5)) == (217, 213, 204)
    assert len(removed.getcolors(100_000) or []) > 1


def test_a_file_that_cannot_be_read_is_an_empty_tile() -> None:
    assert _strip(StripTile(key="nothing.png", caption="1")).getpixel((GAP + 5, GAP + 5)) == (217, 213, 204)
