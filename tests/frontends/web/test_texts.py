"""The small words of the room."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import bots.web
from bots.queries.job_view import JobView
from bots.web.access.session_cookies import clean_name
from bots.web.live.cards import render_card
from bots.web.templating import environment, hue
from engine.imaging.codecs.recipe_metadata import from_json, to_json, to_parameters
from studio.clock import now
from studio.domain.jobs import Job, JobState
from studio.domain.pictures import Picture
from studio.domain.requests import Operation, PaintRequest
from tests.support.fakes import someone, somewhere
from tests.support.recipes import PLAIN
from tests.support.sample_domain import sample_job, sample_view

_SHOWS_ERROR = re.compile(r"\b(?:error|reason)\.message|\(\{ message \}\)|catch \(\{")


def test_data_for_scripts_cannot_close_its_own_element() -> None:
    data = {"text": "</script><!-- & -->"}
    assert "<" not in environment().from_string("{{ data|tojson }}").render(data=data)


def test_scripts_show_nobody_what_the_browser_says_of_an_error() -> None:
    """Such as "Failed to fetch", in English for everybody; only a `Refusal` has a sentence for people."""
    scripts = (Path(bots.web.__file__).parent / "static").glob("*.js")
    shown = [
        line for script in scripts for line in script.read_text().splitlines() if _SHOWS_ERROR.search(line)
    ]
    assert shown
    assert [line for line in shown if "error instanceof Refusal && error.message" not in line] == []


@pytest.mark.parametrize(
    ("typed", "name"), [(" @Ana ", "Ana"), ("A\u202ena\u200b", "Ana"), ("a" * 99, "a" * 32), ("\n", "")]
)
def test_names_are_cleaned(typed: str, name: str) -> None:
    assert clean_name(typed) == name


def test_a_person_keeps_their_colour() -> None:
    assert hue("5f1c9a") == hue("5f1c9a")
    assert {hue(f"{number:016x}") for number in range(64)} == set(range(8))


def test_words_that_a_model_could_not_take_in_are_counted_on_the_card() -> None:
    job = Job(
        id="k3v9m2p4qx7a",
        command="imagine",
        request=PaintRequest(operation=Operation.IMAGINE, prompt="a long story", seed=1),
        person=someone(),
        address=somewhere(),
        state=JobState.DONE,
        priority=0,
        cost=1,
        attempts=1,
        created_at=now(),
    )
    picture = Picture(
        id="k3v9m2p4qx7a.1",
        job_id=job.id,
        index=1,
        recipe=replace(PLAIN, unread_words=12),
        key="key",
        thumbnail_key="thumbnail",
        width=64,
        height=64,
        size_bytes=1,
        created_at=now(),
    )
    card = JobView(job=job, pictures=(picture,))
    assert "Too long for this model: the last 12 words were not read." in render_card(card)
    assert "not read" not in render_card(JobView(job=job, pictures=(replace(picture, recipe=PLAIN),)))
    assert "Unread words: 12" in to_parameters(picture.recipe)
    assert from_json(to_json(picture.recipe)) == picture.recipe


def test_the_card_of_a_request_whose_words_are_encrypted_calls_it_no_upload() -> None:
    card = render_card(sample_view(sample_job(JobState.HELD, prompt="")))
    assert "A request whose words are not shown" in card
    assert "A picture from an upload" not in card
