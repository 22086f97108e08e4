import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import BadParameterError
from studio.parsing.grid_regions import ALL_CELLS, parse_region
from tests.support.sentences import error_text, raises


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
    assert parse_region(text) == tuple(sorted(cells.split()))


@pytest.mark.parametrize(
    "text",
    ["", "   ", ",", "E1", "A5", "A0", "A11", "1A", "the dog", "A1 dog", "and", "half", "🙂", "a" * 10_000],
)
def test_what_is_no_region_is_answered_with_a_hint(text: str) -> None:
    with raises(BadParameterError, match="top left") as caught:
        parse_region(text)
    assert caught.value.parameter == "region"
    assert len(error_text(caught.value)) < 250


@given(st.sets(st.sampled_from(ALL_CELLS), min_size=1))
def test_cells_that_are_written_out_come_back(cells: set[str]) -> None:
    assert set(parse_region(",".join(cells))) == cells
