"""Names on the family tree: in letters that are there, or by the picture's id."""

from collections.abc import Iterator

import pytest

from bots.drawing import fonts
from bots.drawing.fonts import font_for
from bots.drawing.lineage_tree import _label
from studio.commands.results import Relative
from studio.domain.people import Person, Platform


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
