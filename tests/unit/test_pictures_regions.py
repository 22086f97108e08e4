import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.pictures.overlays import SHOWN_SIDE_PIXELS, lettered_overlay
from engine.pictures.regions import ALL_CELLS, cell_box, in_order, mask_of_cells, parse_cells
from studio.errors import BadParameter


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("A1", "A1"),
        ("d4", "D4"),
        (" b2 ", "B2"),
        ("A1,B2", "A1 B2"),
        ("B2, A1", "A1 B2"),
        ("A1 B2;C3", "A1 B2 C3"),
        ("A1 and D4", "A1 D4"),
        ("B2-C3", "B2 C2 B3 C3"),
        ("C3-B2", "B2 C2 B3 C3"),
        ("C2-B3", "B2 C2 B3 C3"),
        ("B2:C2", "B2 C2"),
        ("B2 to C2", "B2 C2"),
        ("B2–C3, d4", "B2 C2 B3 C3 D4"),
        ("Ａ１", "A1"),
        ("column A", "A1 A2 A3 A4"),
        ("columns a-b", "A1 B1 A2 B2 A3 B3 A4 B4"),
        ("row 4", "A4 B4 C4 D4"),
        ("top left", "A1 B1 A2 B2"),
        ("the top-left corner", "A1 B1 A2 B2"),
        ("upper right", "C1 D1 C2 D2"),
        ("left", "A1 B1 A2 B2 A3 B3 A4 B4"),
        ("bottom half", "A3 B3 C3 D3 A4 B4 C4 D4"),
        ("center", "B2 C2 B3 C3"),
        ("the middle of the picture", "B2 C2 B3 C3"),
        ("bottom middle", "B3 C3 B4 C4"),
        ("left centre", "A2 B2 A3 B3"),
        ("A1, bottom right", "A1 C3 D3 C4 D4"),
        ("border", "A1 B1 C1 D1 A2 D2 A3 D3 A4 B4 C4 D4"),
        ("everything", " ".join(ALL_CELLS)),
    ],
)
def test_people_name_cells_in_many_ways(text: str, cells: str) -> None:
    assert parse_cells(text) == tuple(cells.split())


@pytest.mark.parametrize(
    "text",
    ["", "   ", ",", "E1", "A5", "A0", "A11", "1A", "the dog", "A1 dog", "and", "half", "🙂", "a" * 10_000],
)
def test_what_is_no_region_is_answered_with_a_hint(text: str) -> None:
    with pytest.raises(BadParameter, match="top left") as caught:
        parse_cells(text)
    assert caught.value.parameter == "region"
    assert len(str(caught.value)) < 250


@given(st.text(max_size=60))
def test_any_text_is_cells_or_a_hint(text: str) -> None:
    try:
        cells = parse_cells(text)
    except BadParameter:
        return
    assert cells == in_order(cells)


@given(st.sets(st.sampled_from(ALL_CELLS), min_size=1))
def test_cells_that_are_written_out_come_back(cells: set[str]) -> None:
    assert set(parse_cells(",".join(cells))) == cells


def test_an_unknown_cell_in_a_list_is_named() -> None:
    with pytest.raises(BadParameter, match="E9"):
        in_order(["A1", "E9"])


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
