"""What errors say to people: one sentence that begins with a capital letter."""

from datetime import UTC, datetime

import pytest

from studio.errors import BadParameterError, NotFoundError, OutOfCreditsError, TooManyJobsError


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


def test_one_job_and_one_credit_are_in_the_singular() -> None:
    assert str(TooManyJobsError(limit=1)).startswith("You already have 1 job waiting.")
    assert str(TooManyJobsError(limit=2)).startswith("You already have 2 jobs waiting.")
    at = datetime(2026, 11, 30, tzinfo=UTC)
    assert str(OutOfCreditsError(needed=1, balance=0, at=at)).startswith("This needs 1 credit and")
    shared = str(OutOfCreditsError(needed=2, balance=1, at=at, scope="invite"))
    assert shared.startswith("This needs 2 credits.")
    assert shared.endswith("and 1 is left for you.")


def test_what_was_not_found_is_said_in_a_sentence() -> None:
    assert str(NotFoundError("Picture k3v9m2p4qx7a.2")) == "Picture k3v9m2p4qx7a.2 was not found."
    assert str(NotFoundError("An open case", sentence="No case is open.")) == "No case is open."
