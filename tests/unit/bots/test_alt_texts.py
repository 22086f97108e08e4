"""Alternative texts that say that AI generated a picture, where the operator wants it."""

from collections.abc import Iterator

import pytest

from bots.presentation.compose.job_message import compose_job
from bots.texts.provenance.alt_texts import label_alt_texts, with_ai_label
from studio.domain.jobs import JobState
from tests.support.sample_domain import sample_job, sample_view


@pytest.fixture(autouse=True)
def _unlabelled_afterwards() -> Iterator[None]:
    yield
    label_alt_texts(False)


def test_they_say_so_only_where_it_is_wanted() -> None:
    assert with_ai_label("a red fox") == "a red fox"
    label_alt_texts(True)
    assert with_ai_label("a red fox {x}") == "AI-generated: a red fox {x}"


def test_every_image_of_a_job_says_it() -> None:
    label_alt_texts(True)
    view = sample_view(sample_job(spoiler=True, state=JobState.DONE))
    for pixelated in (False, True):
        message = compose_job(view, pixelated=pixelated)
        assert message.files
        assert all(image.alt_text.startswith("AI-generated: ") for image in message.files)
