import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.imaging.masks.grid_masks import mask_of_cells
from engine.imaging.overlays.grid_overlay import SHOWN_SIDE_PIXELS, lettered_overlay
from studio.errors import BadParameterError
from studio.parsing.grid_regions import ALL_CELLS, cell_box
from tests.support.sentences import raises


@pytest.mark.parametrize("cell", ["E1", "A5", "a1", "", "A11"])
def test_a_cell_that_does_not_exist_is_refused(cell: str) -> None:
    with raises(BadParameterError, match="A1 to D4"):
        mask_of_cells(["A1", cell], (64, 64))


@given(st.integers(4, 500), st.integers(4, 500))
def test_the_cells_cover_every_pixel_once(width: int, height: int) -> None:
    covered = np.zeros((height, width), int)
    for cell in ALL_CELLS:
        left, top, right, bottom = cell_box(cell, width, height)
        covered[top:bottom, left:right] += 1
    assert (covered == 1).all()


def test_a_mask_is_white_inside_its_cells_only() -> None:
    mask = np.asarray(mask_of_cells(["B2"], (400, 200)))
    assert mask.shape == (200, 400)
    assert (mask[50:100, 100:200] == 255).all()
    assert mask.sum() == 255 * 100 * 50


@pytest.mark.parametrize("size", [(512, 512), (1024, 256), (256, 1024), (20, 20), (2048, 1365)])
def test_the_overlay_is_large_enough_to_read(size: tuple[int, int]) -> None:
    shown = lettered_overlay(Image.new("RGB", size, "grey"))
    assert max(shown.size) == SHOWN_SIDE_PIXELS
    assert shown.width / shown.height == pytest.approx(size[0] / size[1], rel=0.02)


@pytest.mark.parametrize("colour", ["black", "white", "grey", "#fefefe"])
def test_lines_and_letters_stand_out_on_any_colour(colour: str) -> None:
    shown = np.asarray(lettered_overlay(Image.new("RGB", (512, 512), colour)).convert("L")).astype(int)
    ground = int(np.median(shown))
    at_line = shown[400, 186:200]
    assert np.abs(at_line - ground).max() > 50
    label = shown[8:45, 8:60]
    assert np.ptp(label) > 150


def test_chosen_cells_stay_bright_and_others_are_darkened() -> None:
    shown = np.asarray(lettered_overlay(Image.new("RGB", (512, 512), (200, 200, 200)), ["B2"]).convert("L"))
    assert shown[320, 320] == 200
    assert shown[680, 680] < 130
