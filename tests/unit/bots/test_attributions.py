"""Whose picture it is, and whose pictures went in."""

import pytest

from bots.texts.chat import credit


@pytest.mark.parametrize(
    ("sources", "line"),
    [
        ([], "@ana"),
        ([("@bo", "fox")], "@ana, from @bo’s fox"),
        ([("", "fox")], "@ana, from their own fox"),
        (
            [("@bo", "fox"), ("", "boat"), ("@cy", "star")],
            "@ana, from @bo’s fox, their own boat and @cy’s star",
        ),
        ([("@bo", "fox"), ("@bo", "fox")], "@ana, from @bo’s fox"),
    ],
)
def test_a_credit_names_everybody_whose_picture_went_in(sources: list[tuple[str, str]], line: str) -> None:
    assert credit("@ana", sources) == line
