"""What words in a reply to a picture ask for, by their flags."""

from dataclasses import replace

import pytest

from bots.presentation.reply_words import read_words_below
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.ports import Ports
from studio.ports.generation_options import RunnableModel
from tests.support.fakes import FakeOptions
from tests.support.finished_jobs import paint_job


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("a hat --region B2", "edit"),
        ("a hat --region B2 --model plain", "edit"),  # which refuses what the model cannot
        ("a hat --model editor", "edit"),
        ("a hat --model plain", "imagine"),
        ("a hat --model nosuch", "imagine"),
        ("a hat --ar 3:2", "imagine"),
        ("a hat", "remix"),
    ],
)
def test_flags_choose_between_an_edit_and_a_new_picture(
    ports: Ports, call: Call, words: str, command: str
) -> None:
    job = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red apple", "count": 1}).job_id)
    models = RunnableModel(name="plain"), RunnableModel(name="editor", edits_by_words=True)
    offering = replace(ports, options=FakeOptions(known_models=models))
    run = read_words_below(offering, f"{job}.1", words, call)
    assert (run.command, run.values["prompt"]) == (command, "a hat")
