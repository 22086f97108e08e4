"""Errors carry a code and values: what logs have of them, and what is stored of them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from studio.coded_text import CodedText, coded, from_stored, to_stored
from studio.errors import (
    BadParameterError,
    ChatelierError,
    ModelLoadError,
    NotAllowedError,
    NotFoundError,
    OutOfCreditsError,
    QueueUnavailableError,
    RateLimitedError,
    TooManyJobsError,
)
from tests.support.sentences import error_text

AT = datetime(2026, 11, 30, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (BadParameterError("seed", "not_whole"), "bad_parameter.not_whole parameter=seed"),
        (NotFoundError("picture", id="k3v9m2p4qx7a.2"), "not_found.picture id=k3v9m2p4qx7a.2"),
        (NotAllowedError(), "not_allowed"),
        (RateLimitedError(retry_after_seconds=12), "rate wait=0:00:12"),
        (QueueUnavailableError(), "queue"),
        (ModelLoadError("The file unet.safetensors is damaged."), "The file unet.safetensors is damaged."),
    ],
)
def test_a_log_has_the_code_with_its_values_or_the_detail(error: ChatelierError, logged: str) -> None:
    assert str(error) == logged


def test_the_operator_reads_the_detail_and_people_a_sentence() -> None:
    error = ModelLoadError("The file unet.safetensors is damaged.")
    assert error_text(error) == error.detail
    assert error.coded == CodedText("model")


def test_one_job_and_one_credit_are_in_the_singular() -> None:
    assert error_text(TooManyJobsError(limit=1)).startswith("You already have 1 job waiting.")
    assert error_text(TooManyJobsError(limit=2)).startswith("You already have 2 jobs waiting.")
    assert error_text(OutOfCreditsError(needed=1, balance=0, at=AT)).startswith("This needs 1 credit and")
    shared = error_text(OutOfCreditsError(needed=2, balance=1, at=AT, scope="invite"))
    assert shared.startswith("This needs 2 credits.")
    assert shared.endswith("left for you: 1.")


@pytest.mark.parametrize(
    "text",
    [
        coded("cancelled"),
        coded("banned.until", until=AT),
        coded("advice.wait_for_credits", renewed=date(2026, 12, 1)),
        coded("rate", wait=timedelta(minutes=3)),
        coded("bad_parameter.not_sides", parameter="sides", sides=("left", "top")),
        coded("bad_image.too_many_bytes", mebibytes=21.5, most=20),
    ],
)
def test_a_coded_text_survives_the_database(text: CodedText) -> None:
    assert from_stored(to_stored(text, text)) == (text, text)


@pytest.mark.parametrize(
    "stored", ["Cancelled.", "", "[1]", '["a"]', '[["a", 3]]', '[["a", {"b": {}}]]', "7", "null"]
)
def test_what_an_earlier_version_stored_is_no_coded_text(stored: str) -> None:
    assert from_stored(stored) is None
