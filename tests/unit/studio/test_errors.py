"""What errors say to people: one sentence that begins with a capital letter."""

import pytest

from studio.errors import BadParameterError


@pytest.mark.parametrize(
    ("parameter", "reason", "sentence"),
    [
        ("seed", "must be a whole number.", "The seed must be a whole number."),
        ("--sede", "is unknown. Did you mean --seed?", "--sede is unknown. Did you mean --seed?"),
        ("sides", "give sides or a new aspect, not both.", "Give sides or a new aspect, not both."),
    ],
)
def test_a_wrong_parameter_is_told_in_one_sentence(parameter: str, reason: str, sentence: str) -> None:
    error = BadParameterError(parameter, reason)
    assert str(error) == sentence
    assert (error.parameter, error.reason) == (parameter, reason)
