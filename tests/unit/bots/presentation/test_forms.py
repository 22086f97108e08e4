"""Forms: the same fields everywhere, and the command that a filled form stands for."""

import pytest

from bots.presentation.compose.action_forms import FormSubject, blend_form, edit_form
from bots.presentation.form_model import FieldKind, command_of
from studio.commands.registry import CATALOG
from studio.errors import BadParameterError
from tests.support.messages import FORMS
from tests.support.sample_domain import JOB_ID
from tests.support.sentences import raises

SPREAD = {"pictures", "images", "topic", "channel"}


@pytest.mark.parametrize("name", FORMS)
def test_each_field_is_a_parameter_of_its_command(name: str) -> None:
    form = FORMS[name]
    parameters = {parameter.name for parameter in CATALOG[form.command].parameters}
    assert {field.name for field in form.fields} - SPREAD <= parameters


@pytest.mark.parametrize(("name", "fields"), [
    ("remix", ["prompt"]),
    ("edit", ["region", "prompt", "mask"]),
    ("edit by words", ["prompt", "region", "mask"]),
    ("edit by words with another model", ["region", "prompt", "mask", "model"]),
    ("reference", ["prompt", "ref", "sref", "model"]),
    ("imagine with a reference", ["prompt", "count", "aspect", "image", "role"]),
    ("expand", ["sides", "amount", "aspect", "prompt"]),
    ("blend", ["pictures", "images", "prompt", "weights"]),
    ("report", ["topic", "artist", "reason"]),
    ("appeal", ["reason"]),
    ("imagine", ["prompt", "count", "aspect", "model", "style", "image"]),
])  # fmt: skip
def test_the_fields_of_a_form(name: str, fields: list[str]) -> None:
    assert [field.name for field in FORMS[name].fields] == fields


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("imagine", "An image to start from"),
        ("imagine with a reference", "An image to start from, or a reference"),
    ],
)
def test_an_image_is_offered_as_a_reference_where_a_model_takes_one(name: str, label: str) -> None:
    assert label in [field.label for field in FORMS[name].fields]


def test_a_form_about_several_pictures_asks_which_first() -> None:
    field = FORMS["expand of several"].fields[0]
    assert (field.kind, field.name, field.initial) == (FieldKind.PICTURE, "picture", f"{JOB_ID}.1")
    assert [choice.label for choice in field.choices] == [f"Picture {number}" for number in range(1, 5)]


def test_an_edit_shows_its_picture_under_the_grid() -> None:
    image = FORMS["edit"].image
    assert image is not None
    assert image.alt_text == "The picture under a grid of cells from A1 to D4: a red fox in the snow"
    assert edit_form(FormSubject(about=JOB_ID)).image is None


def test_empty_fields_are_left_out_and_flags_are_spread() -> None:
    values = {"prompt": "a boat --count 2", "region": "A1,B2", "mask": ()}
    assert command_of("edit", {"picture": f"{JOB_ID}.1"}, values) == {
        "prompt": "a boat",
        "count": "2",
        "region": "A1,B2",
        "picture": f"{JOB_ID}.1",
    }


def test_a_new_aspect_makes_the_suggested_amount_pointless() -> None:
    assert command_of("expand", {}, {"amount": "50", "aspect": "16:9"}) == {"aspect": "16:9"}


def test_a_blend_numbers_its_further_pictures_and_images() -> None:
    fixed = {"picture": f"{JOB_ID}.1"}
    values = {"pictures": f"{JOB_ID}.2, {JOB_ID}.3", "images": ["one", "two"]}
    assert command_of("blend", fixed, values) == {
        "picture": f"{JOB_ID}.1",
        "picture2": f"{JOB_ID}.2",
        "picture3": f"{JOB_ID}.3",
        "image": "one",
        "image2": "two",
    }


def test_a_blend_of_too_many_pictures_is_refused_and_none_is_dropped() -> None:
    many = ",".join(f"{JOB_ID}.{number}" for number in range(1, 7))
    with raises(BadParameterError, match="at most 5"):
        command_of("blend", {}, {"pictures": many})


def test_one_uploaded_file_is_the_value_itself() -> None:
    assert command_of("edit", {}, {"mask": ["mask"]}) == {"mask": "mask"}


def test_a_reports_topic_stands_before_its_words() -> None:
    values = {"topic": "private", "reason": "my neighbour"}
    assert command_of("report", {}, values) == {"reason": "It shows a private person: my neighbour"}
    assert command_of("report", {}, {"topic": "private"}) == {"reason": "It shows a private person."}
    assert command_of("report", {}, {"topic": "other", "reason": "it is spam"}) == {"reason": "it is spam"}


def test_a_form_is_filled_in_again_as_it_was_sent() -> None:
    form = blend_form(FormSubject(about=f"{JOB_ID}.1")).with_values({"weights": "2, 1"})
    assert {field.name: field.initial for field in form.fields}["weights"] == "2, 1"
