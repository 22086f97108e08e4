"""The small words of the room."""

import pytest

from bots.web import words
from bots.web.fragments import data_block, hue
from bots.web.visitors import clean_name
from studio.catalog import REACTIONS


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("a fox", "fox"),
        ("A red fox in the snow, evening light", "red fox"),
        ("the old lighthouse at the sea", "old lighthouse"),
        ("portrait of a very old man", "portrait"),
        ("one two three four five six", "one two three four"),
        ("🍎🍏", "🍎🍏"),
        ("", "picture"),
        ("in the beginning", "in the beginning"),
        ("x" * 300, "x" * 40),
    ],
)
def test_a_picture_is_credited_by_its_subject(prompt: str, title: str) -> None:
    assert words.title_of(prompt) == title


def test_places_in_the_queue_are_told_in_plain_words() -> None:
    assert [words.waiting(ahead) for ahead in (0, 1, 2)] == [
        "Accepted. You are next.",
        "Accepted. 1 is painted before it.",
        "Accepted. 2 are painted before it.",
    ]


def test_every_reaction_has_words() -> None:
    assert all(words.deed(action, number) for action, number in REACTIONS.values())


def test_data_for_scripts_cannot_close_its_own_element() -> None:
    assert "<" not in data_block({"text": "</script><!-- & -->"})


@pytest.mark.parametrize(
    ("typed", "name"), [(" @Ana ", "Ana"), ("A\u202ena\u200b", "Ana"), ("a" * 99, "a" * 32), ("\n", "")]
)
def test_names_are_cleaned(typed: str, name: str) -> None:
    assert clean_name(typed) == name


def test_a_person_keeps_their_colour() -> None:
    assert hue("5f1c9a") == hue("5f1c9a")
    assert {hue(f"{number:016x}") for number in range(64)} == set(range(8))
