"""The family tree: its generations, and names in letters that are there, or by the picture's id."""

from collections.abc import Iterator

import pytest

from bots.drawing import fonts
from bots.drawing.fonts import font_for
from bots.drawing.generations import find_generations
from bots.drawing.lineage_tree import _label
from studio.commands.results import Relative
from studio.domain.people import Person, Platform
from tests.support.sample_domain import ANA, sample_picture


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One without any font but Pillow's own."""
    fonts._fonts.cache_clear()
    monkeypatch.setattr(fonts, "_FILES", ("no-such-font.ttf",))
    yield
    fonts._fonts.cache_clear()


class AnyPicture:
    id = "k3v9m2p4qx7a.2"


def relative(name: str) -> Relative:
    person = Person(platform=Platform.DISCORD, community="1", user_id="2", display_name=name)
    return Relative(picture=AnyPicture(), person=person, parents=())  # type: ignore[arg-type]


def test_latin_letters_are_always_there(bare_machine: None) -> None:
    assert _label(relative("ana"))[0] == "ana"


def test_letters_that_no_font_has_are_not_drawn_as_boxes(bare_machine: None) -> None:
    assert font_for("伊藤", size=15) is None
    label, font = _label(relative("伊藤"))
    assert label == "k3v9m2p4qx7a.2"
    assert font is not None


def test_a_child_stands_below_its_parents_in_the_line_after_the_last_of_them() -> None:
    old, young, cousin = (sample_picture(index) for index in (1, 2, 3))
    left, right, blend = (sample_picture(index) for index in (4, 5, 6))
    family = [
        Relative(picture=picture, person=ANA, parents=tuple(parent.id for parent in parents))
        for picture, parents in (
            (young, ()),
            (old, ()),
            (left, (old,)),
            (right, (young,)),
            (cousin, ()),
            (blend, (left, young)),
        )
    ]
    found = [[relative.picture.index for relative in generation] for generation in find_generations(family)]
    assert found == [[2, 1, 3], [5, 4], [6]]
    assert find_generations([]) == []
