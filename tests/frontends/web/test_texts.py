"""The small words of the room."""

from dataclasses import replace

import pytest

from bots.texts import chat
from bots.web.access.sessions import clean_name
from bots.web.queries.job_cards import Card, Tile
from bots.web.rendering import data_block, hue, render_card
from bots.web.texts import texts
from engine.imaging.codecs.recipe_metadata import from_json, to_json, to_parameters
from studio.commands.registry import REACTIONS
from studio.domain.jobs import Job, JobState
from studio.domain.pictures import Picture
from studio.domain.requests import Operation, PaintRequest
from studio.runtime.clock import now
from tests.support.fakes import someone, somewhere
from tests.support.recipes import PLAIN


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
    assert texts.title_of(prompt) == title


def test_places_in_the_queue_are_told_in_plain_words() -> None:
    assert [texts.waiting(ahead) for ahead in (0, 1, 2)] == [
        "Accepted. You are next.",
        "Accepted. 1 is painted before it.",
        "Accepted. 2 are painted before it.",
    ]


def test_every_reaction_has_words() -> None:
    assert all(texts.deed(action, number) for action, number in REACTIONS.values())


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
    said = "too long for this model: the last 12 words were not read"
    assert said in chat.recipe(job, [picture], model="brush")
    assert "not read" not in chat.recipe(job, [replace(picture, recipe=PLAIN)], model="brush")
    card = Card(job=job, tiles=(Tile(picture=picture),))
    assert said.capitalize() in render_card(card)
    assert "Unread words: 12" in to_parameters(picture.recipe)
    assert from_json(to_json(picture.recipe)) == picture.recipe
