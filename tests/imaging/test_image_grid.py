import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.imaging.overlays.image_grid import GAP_PIXELS, MAX_SIDE_PIXELS, arrange, make_grid

COLOURS = ["red", "lime", "blue", "yellow", "cyan", "magenta", "white", "grey"]


def plain(count: int, size: tuple[int, int] = (100, 100)) -> list[Image.Image]:
    return [Image.new("RGB", size, colour) for colour in COLOURS[:count]]


def test_four_pictures_stand_two_by_two_in_reading_order() -> None:
    grid = make_grid(plain(4))
    assert grid.size == (200 + GAP_PIXELS, 200 + GAP_PIXELS)
    centers = [(50, 50), (158, 50), (50, 158), (158, 158)]
    assert [grid.getpixel(center) for center in centers] == [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (255, 255, 0),
    ]


@pytest.mark.parametrize(
    ("count", "aspect", "arrangement"),
    [
        (2, 1.0, (1, 2)),
        (2, 1.8, (1, 2)),
        (2, 0.5, (2, 1)),
        (3, 0.4, (3, 1)),
        (3, 3.0, (1, 3)),
        (3, 1.0, (2, 2)),
        (4, 3.0, (2, 2)),
        (4, 0.3, (2, 2)),
        (6, 0.66, (3, 2)),
        (6, 1.5, (2, 3)),
        (8, 0.5, (4, 2)),
        (8, 2.0, (2, 4)),
    ],
)
def test_tiles_are_arranged_nearly_square(count: int, aspect: float, arrangement: tuple[int, int]) -> None:
    assert arrange(count, aspect) == arrangement or arrange(count, 1 / aspect) == arrangement[::-1]


@pytest.mark.parametrize("count", range(2, 9))
def test_each_tile_bears_its_own_number(count: int) -> None:
    bare, grid = plain(count, (200, 200)), make_grid([Image.new("RGB", (200, 200), "grey")] * count)
    columns, _ = arrange(count, 1.0)
    badges = []
    for index in range(count):
        row, column = divmod(index, columns)
        left, top = column * (200 + GAP_PIXELS), row * (200 + GAP_PIXELS)
        badges.append(np.asarray(grid.crop((left, top, left + 60, top + 60))).tobytes())
    assert len(set(badges)) == len(bare)


def test_a_single_picture_is_given_back_without_a_number() -> None:
    picture = plain(1)[0]
    assert np.array_equal(np.asarray(make_grid([picture])), np.asarray(picture))


@pytest.mark.parametrize("count", [0, 9])
def test_no_picture_and_too_many_are_programming_errors(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        make_grid([Image.new("RGB", (32, 32))] * count)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(8, 700), st.integers(8, 700)), min_size=2, max_size=8))
def test_pictures_of_any_sizes_fit_on_one_sheet(sizes: list[tuple[int, int]]) -> None:
    grid = make_grid([Image.new("RGB", size, "red") for size in sizes])
    assert max(grid.size) <= MAX_SIDE_PIXELS
    assert grid.mode == "RGB"


@pytest.mark.parametrize("size", [(2048, 2048), (4096, 512), (512, 4096)])
def test_large_pictures_are_shrunk_to_the_sheet(size: tuple[int, int]) -> None:
    grid = make_grid([Image.new("RGB", size, "red")] * 4)
    assert MAX_SIDE_PIXELS - 8 <= max(grid.size) <= MAX_SIDE_PIXELS


def test_a_smaller_picture_stands_in_the_middle_of_its_tile() -> None:
    grid = make_grid([Image.new("RGB", (200, 200), "red"), Image.new("RGB", (200, 100), "lime")])
    _, rows = arrange(2, 1.0)
    corner = (0, 208) if rows == 2 else (208, 0)
    tile = grid.crop((*corner, corner[0] + 200, corner[1] + 200))
    assert tile.getpixel((100, 100)) == (0, 255, 0)
    assert tile.getpixel((100, 20)) == tile.getpixel((100, 180)) != (0, 255, 0)


def test_tiles_keep_the_numbers_they_are_given() -> None:
    pictures = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    assert make_grid(pictures, [1, 2, 3]).tobytes() == make_grid(pictures).tobytes()
    assert make_grid(pictures, [1, 3, 4]).tobytes() != make_grid(pictures).tobytes()
