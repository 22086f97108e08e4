"""Two to five pictures, painted here or brought along, become one job with a line to every parent."""

from dataclasses import replace

import pytest

from studio.commands.command_line import parse_phrase
from studio.commands.generation.blend import SPEC, parse_weights
from studio.commands.lora_lists import parse_loras
from studio.commands.registry import execute
from studio.db import queries
from studio.domain.requests import Lora, Operation, Source
from studio.errors import BadParameterError, NotFoundError
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.sentences import raises


@pytest.fixture
def painted(ports, call):
    """The ids of one picture of an apple and one of a boat."""
    found = []
    for index, prompt in enumerate(("a red apple", "a blue boat")):
        asked = replace(call, request_key=f"{call.request_key}:{index}")
        values = {"prompt": prompt, "negative": "fog"}
        found.append(f"{paint_job(ports, execute(ports, asked, 'imagine', values).job_id)}.{index + 1}")
    return found


def request_of(ports, answer):
    with ports.database.read() as session:
        return queries.find_job(session, answer.job_id).request


def test_a_blend_starts_from_every_picture_and_their_words(ports, call, painted):
    upload = Source(key="upload.png")
    values = {"picture": painted[0], "picture2": painted[1], "image": upload, "weights": "2 1 1"}
    request = request_of(ports, execute(ports, call, "blend", values))
    assert request.operation is Operation.BLEND
    assert [source.picture_id for source in request.sources] == [*painted, None]
    assert request.sources[2] == upload
    assert (request.prompt, request.negative_prompt) == ("a red apple, a blue boat", "fog")
    assert request.weights == (2, 1, 1)


def test_the_pictures_of_a_blend_have_two_parents(ports, call, painted):
    answer = execute(ports, call, "blend", {"picture": painted[0], "picture2": painted[1]})
    child = f"{paint_job(ports, answer.job_id)}.1"
    family = execute(ports, replace(call, request_key="family"), "lineage", {"picture": child})
    assert {relative.picture.id: set(relative.parents) for relative in family.relatives} == {
        painted[0]: set(),
        painted[1]: set(),
        child: set(painted),
    }
    assert set(ports.gate.admissions[-1].lineage_prompts) == {"a red apple", "a blue boat"}


def test_words_of_ones_own_win(ports, call, painted):
    values = {"picture": painted[0], "picture2": painted[1], "prompt": "a harbour"}
    assert request_of(ports, execute(ports, call, "blend", values)).prompt == "a harbour"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"picture": 0}, "give another"),
        ({"picture": 0, "picture2": 0}, "given already"),
        ({"picture": 0, "picture2": 1, "weights": "1"}, "one weight for each of the 2"),
        ({"picture": 0, "picture2": 1, "weights": "0, 0"}, "not all be 0"),
        ({"picture": 0, "picture2": 1, "weights": "much, little"}, "must be numbers"),
        ({"picture": 0, "picture2": 1, "weights": "nan, 1"}, "between 0 and 100"),
    ],
)
def test_what_cannot_be_blended_is_one_sentence(ports, call, painted, values, sentence):
    values = {name: painted[value] if isinstance(value, int) else value for name, value in values.items()}
    with raises(BadParameterError, match=sentence):
        execute(ports, call, "blend", values)


def test_six_pictures_are_too_many(ports, call, painted):
    uploads = {name: Source(key=f"{name}.png") for name in SPEC.images}
    with raises(BadParameterError, match="at most 5"):
        execute(ports, call, "blend", {"picture": painted[0], **uploads})


def test_pictures_of_another_community_are_out_of_reach(ports, call, painted):
    stranger = replace(call, person=someone("bo", community="elsewhere"))
    with pytest.raises(NotFoundError):
        execute(ports, stranger, "blend", {"picture": painted[0], "picture2": painted[1]})


def test_ids_come_first_and_words_after_them():
    spec, values = parse_phrase("/blend k3v9m2p4qx7a.2 x4m2w8r5tq6c.1 a castle --weights 2, 1")
    assert spec is SPEC
    assert values == {
        "picture": "k3v9m2p4qx7a.2",
        "picture2": "x4m2w8r5tq6c.1",
        "prompt": "a castle",
        "weights": "2, 1",
    }


def test_files_fill_the_places_that_no_id_takes():
    assert SPEC.places_for_files({}) == ("image", "image2", "image3", "image4", "image5")
    assert SPEC.places_for_files({"picture": "a", "picture2": "b"}) == ("image", "image2", "image3")


def test_weights_are_read_with_and_without_commas():
    assert parse_weights("2, 1", 2) == parse_weights("2 1", 2) == (2.0, 1.0)


def test_a_variation_of_an_upscaled_picture_is_left_to_the_usual_model(ports, call, painted):
    answer = execute(ports, call, "upscale", {"picture": painted[0]})
    large = f"{paint_job(ports, answer.job_id)}.1"
    varied = execute(ports, replace(call, request_key="vary"), "vary", {"picture": large})
    assert request_of(ports, varied).model is None


def test_loras_are_read_by_name_and_weight():
    assert parse_loras("Pixel:0.8, ink") == (Lora(name="pixel", weight=0.8), Lora(name="ink"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pixel:much", "as a number"),
        ("pixel:9", "between -2 and 2"),
        ("a, a:1", "once"),
        ("a,b,c,d,e", "At most 4"),
    ],
)
def test_wrong_loras_are_one_sentence(text, sentence):
    with raises(BadParameterError, match=sentence):
        parse_loras(text)
