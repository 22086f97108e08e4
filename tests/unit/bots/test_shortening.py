"""Shortened texts and the chats' progress bar."""

import pytest

from bots.texts.jobs import progress_bar
from bots.texts.shortening import shorten, subject_of


@pytest.mark.parametrize(("prompt", "subject"), [
    ("a red fox in the snow", "red fox"),
    ("The Old Lighthouse, at night", "Old Lighthouse"),
    ("my very big brown dog", "very big brown"),
    ("", "picture"),
    ("in the snow", "picture"),
])  # fmt: skip
def test_the_subject_of_a_prompt_is_its_first_words(prompt: str, subject: str) -> None:
    assert subject_of(prompt) == subject


def test_a_shortened_text_is_one_line_with_an_ellipsis() -> None:
    assert shorten("a red\nfox in the snow", 10) == "a red fox…"
    assert shorten("a fox", 10) == "a fox"


def test_a_bar_shows_the_share_of_steps_and_the_time_left() -> None:
    assert progress_bar(12, 30, 40.0) == "▰▰▰▰▰▱▱▱▱▱▱▱ 40% · Step 12 of 30 · about 40 s left"
    assert progress_bar(31, 30, 2.0) == "▰▰▰▰▰▰▰▰▰▰▰▰ 100% · Step 30 of 30"
    assert progress_bar(0, 0) == "▱▱▱▱▱▱▱▱▱▱▱▱ 0% · Step 0 of 0"
