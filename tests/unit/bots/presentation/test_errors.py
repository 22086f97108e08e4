"""Errors as messages: whole sentences, carets, channels and the button to appeal."""

import pytest

from bots.presentation.compose.errors import explain
from bots.presentation.message import Audience, ChannelName, Command, Note, Preformatted
from bots.presentation.spans import plain_text
from studio.commands.button_ids import Action
from studio.commands.registry import CATALOG
from studio.errors import BadParameterError, UnknownCommandError, WrongChannelError
from tests.support.messages import MESSAGES
from tests.support.sample_domain import JOB_ID


def test_every_error_is_for_the_person_alone() -> None:
    errors = [message for name, message in MESSAGES.items() if name.startswith(("error", "fault"))]
    assert {message.audience for message in errors} == {Audience.PERSON}


def test_a_refusal_names_the_channels_where_pictures_are_made() -> None:
    spans = explain(WrongChannelError(channels=("901", "902")))
    assert [span for span in spans if isinstance(span, ChannelName)] == [
        ChannelName("901"),
        ChannelName("902"),
    ]
    assert plain_text(spans) == "Pictures are made in other channels here. Please ask in 901, 902."


def test_a_refusal_that_may_be_appealed_has_the_button() -> None:
    (button,) = MESSAGES["error policy"].buttons
    assert (button.action, button.target) == (Action.APPEAL, JOB_ID)


def test_carets_stand_under_the_part_that_is_wrong() -> None:
    (block,) = [part for part in MESSAGES["error flag"].parts if isinstance(part, Preformatted)]
    assert block.text == "a fox --sed 7\n      ^^^^^"


def test_commands_in_a_sentence_can_be_written_as_each_platform_types_them() -> None:
    spans = explain(BadParameterError("code", "unknown_code"))
    assert Command("/link") in spans
    assert Command("/imagine") in explain(UnknownCommandError("imagin", nearest="imagine"))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BadParameterError("amount", "not_a_number"), "The amount must be a number."),
        (
            BadParameterError("dm", "not_a_choice", choices=("yes", "no")),
            "The direct message setting must be one of: yes, no.",
        ),
        (BadParameterError("sides", "sides_or_aspect"), "Give sides or a new aspect, not both."),
        (
            BadParameterError("--sed", "unknown_flag_nearest", flag="--sed", nearest="--seed"),
            "“--sed” is unknown. Did you mean --seed?",
        ),
        (
            BadParameterError("picture2", "blended_twice"),
            "The second picture was given already; its weight makes it count more.",
        ),
        (
            BadParameterError("sides", "too_long", length=1001, most=1000),
            "The sides must be at most 1,000 characters long, not 1,001.",
        ),
    ],
)
def test_a_wrong_parameter_is_explained_in_a_sentence(error: BadParameterError, sentence: str) -> None:
    assert plain_text(explain(error)) == sentence


def test_a_value_that_no_parameter_takes_is_named() -> None:
    with pytest.raises(BadParameterError) as caught:
        CATALOG["show"].read({"size": "9"})
    assert plain_text(explain(caught.value)) == "/show does not take “size”. It takes: job."


def test_a_fault_has_its_id() -> None:
    (note,) = MESSAGES["fault"].parts
    assert isinstance(note, Note)
    assert "(Fault f4u1t)" in plain_text(note.spans)
