"""A canvas too large to be painted at once: every new pixel is painted, no original one, and no window shows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.imaging.canvas.windows import SEAM_PIXELS, Windows
from engine.imaging.masks.masks import cover_cells, soften, whitest

WINDOW = 64


def scene(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(1).integers(60, 200, (6, 6, 3), np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


@given(
    width=st.integers(65, 400),
    height=st.integers(40, 400),
    left=st.integers(0, 100),
    top=st.integers(0, 100),
)
@settings(max_examples=30, deadline=None)
def test_windows_cover_everything_new_and_nothing_else(width: int, height: int, left: int, top: int) -> None:
    original = (min(left, width - 32), min(top, height - 32), min(left + 90, width), min(top + 90, height))
    windows = Windows(scene(width, height), original, window_pixels=WINDOW)
    used = np.zeros((height, width), np.int16)
    for together in windows.rounds():
        seen = np.zeros((height, width), np.int16)
        for window in together:
            x0, y0, x1, y1 = window.box
            assert x1 - x0 <= WINDOW
            assert y1 - y0 <= WINDOW
            seen[y0:y1, x0:x1] += np.asarray(window.weights) > 0
            part = used[y0:y1, x0:x1]
            np.maximum(part, np.asarray(window.weights), out=part)
        assert seen.max() == 1  # side by side, they get into nobody's way
    assert not used[original[1] : original[3], original[0] : original[2]].any()
    grown = np.zeros((height, width), bool)
    rim = SEAM_PIXELS
    grown[max(0, original[1] - rim) : original[3] + rim, max(0, original[0] - rim) : original[2] + rim] = True
    assert (used[~grown] == 255).all()


def test_the_original_stays_bit_for_bit_and_painters_of_other_colours_leave_no_edge() -> None:
    picture = scene(256, 192)
    frame = (96, 64, 160, 128)
    windows = Windows(picture.copy(), frame, window_pixels=WINDOW)
    dice = np.random.default_rng(3)
    for together in windows.rounds():
        for window in together:
            # A model that repeats what is there, in colours that are off by as much as a window's usually are.
            off = np.asarray(windows.look(window), np.int16) + dice.integers(-12, 13, 3)
            windows.paste(window, Image.fromarray(off.clip(0, 255).astype(np.uint8)))
    painted = np.asarray(windows.picture, np.int16)
    original = np.asarray(picture, np.int16)
    assert (painted[64:128, 96:160] == original[64:128, 96:160]).all()
    step = max(np.abs(np.diff(painted - original, axis=axis)).max() for axis in (0, 1))
    assert step <= 4


def test_a_canvas_of_one_window_is_painted_at_once() -> None:
    windows = Windows(scene(60, 50), (0, 0, 20, 50), window_pixels=WINDOW)
    assert windows.count == 1


def test_late_windows_fade_into_what_is_there() -> None:
    windows = Windows(scene(160, 60), (0, 0, 1, 1), window_pixels=WINDOW)
    first, second = windows.rounds()
    assert all(set(np.unique(window.weights)[1:-1]) for window in second)
    middle = np.asarray(second[0].weights)[40]
    assert middle[0] == middle[-1] == 0
    assert middle.max() == 255
    assert len(first) + len(second) == windows.count


@pytest.mark.parametrize("cell", [4, 8])
def test_a_softened_mask_is_white_inside_and_grey_towards_its_edge(cell: int) -> None:
    mask = Image.new("L", (128, 128), 0)
    mask.paste(255, (0, 0, 64, 128))
    soft = np.asarray(soften(cover_cells(mask, cell), cell))
    assert (soft[:, 64:] == 0).all()
    assert (soft[:, : 64 - 4 * cell] == 255).all()
    assert 0 < soft[64, 63] < 160


def test_a_cell_is_as_white_as_its_whitest_pixel() -> None:
    mask = Image.new("L", (16, 8), 0)
    mask.putpixel((9, 3), 77)
    assert np.unique(np.asarray(whitest(mask, 8))).tolist() == [0, 77]
