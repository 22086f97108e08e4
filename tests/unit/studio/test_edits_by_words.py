"""Edits by words alone: which model may do them, what they cost, and what the form asks."""

from dataclasses import replace

import pytest

from bots.presentation.interaction_router import Ask
from bots.presentation.subject_lookup import form_about, load_form, subject_of_upload
from studio.commands.button_ids import Action
from studio.commands.registry import CATALOG, execute
from studio.commands.spec import Call
from studio.db import queries
from studio.domain.jobs import Job
from studio.domain.requests import Operation, Source
from studio.errors import BadParameterError
from studio.ports import Ports, RunnableModel
from tests.support.finished_jobs import paint_job
from tests.support.sentences import raises

KLEIN = RunnableModel(name="klein", edits_by_words=True)
PLAIN = RunnableModel(name="thimble")


def again(call: Call) -> Call:
    return replace(call, request_key="2")


def job_of(ports: Ports, job_id: str) -> Job:
    with ports.database.read() as session:
        return queries.find_job(session, job_id)


@pytest.fixture
def editors(ports: Ports) -> Ports:
    ports.options.known_models = (PLAIN, KLEIN)
    return ports


@pytest.fixture
def picture(editors: Ports, call: Call) -> str:
    values = {"prompt": "a red apple", "model": "thimble"}
    return f"{paint_job(editors, execute(editors, call, 'imagine', values).job_id)}.2"


def test_a_chosen_model_edits_a_picture_by_words_alone(editors: Ports, call: Call, picture: str) -> None:
    values = {"picture": picture, "prompt": "make it winter", "model": "klein"}
    request = job_of(editors, execute(editors, again(call), "edit", values).job_id).request
    assert (request.operation, request.model, request.cells) == (Operation.EDIT, "klein", ())
    assert request.sources[0].picture_id == picture
    assert editors.gate.admissions[-1].lineage_prompts == ("a red apple",)
    assert editors.gate.admissions[-1].request.prompt == "make it winter"


def test_a_picture_of_such_a_model_is_edited_with_it(editors: Ports, call: Call, picture: str) -> None:
    editors.options.known_models = (KLEIN, replace(PLAIN, edits_by_words=True))
    values = {"picture": picture, "prompt": "make it winter"}
    assert job_of(editors, execute(editors, again(call), "edit", values).job_id).request.model == "thimble"


def test_a_model_that_cannot_names_those_that_can(editors: Ports, call: Call, picture: str) -> None:
    values = {"picture": picture, "prompt": "make it winter"}
    with raises(BadParameterError, match=r"thimble cannot edit by words alone\. Models that can: klein\."):
        execute(editors, again(call), "edit", values)
    with raises(BadParameterError, match="thimble cannot edit by words alone"):
        execute(editors, again(call), "edit", {**values, "picture": None, "image": Source(key="a.png")})


def test_the_answer_comes_before_anybody_sees_that_something_is_coming(
    editors: Ports, call: Call, picture: str
) -> None:
    spec = CATALOG["edit"]
    with raises(BadParameterError, match="Models that can: klein"):
        spec.check(editors, call, spec.read({"picture": picture, "prompt": "make it winter"}))
    spec.check(editors, call, spec.read({"picture": picture, "prompt": "make it winter", "model": "klein"}))


def test_a_region_limits_a_chosen_models_change(editors: Ports, call: Call, picture: str) -> None:
    values = {"picture": picture, "prompt": "a boat", "model": "klein", "region": "B2"}
    assert job_of(editors, execute(editors, again(call), "edit", values).job_id).request.cells == ("B2",)


@pytest.mark.parametrize(("size", "cost"), [((512, 512), 1), ((1024, 1024), 1), ((2048, 2048), 2)])
def test_an_edit_by_words_costs_its_picture_up_to_the_area_of_a_model(
    editors: Ports, call: Call, size: tuple[int, int], cost: int
) -> None:
    image = Source(key="a.png", width=size[0], height=size[1])
    values = {"image": image, "prompt": "make it winter", "model": "klein", "count": 1}
    assert job_of(editors, execute(editors, call, "edit", values).job_id).cost == cost


def test_an_edit_costs_the_area_that_its_model_always_makes(editors: Ports, call: Call) -> None:
    editors.options.known_models = (PLAIN, replace(KLEIN, fixed_pixels=2 * 1024 * 1024))
    image = Source(key="a.png", width=512, height=512)
    values = {"image": image, "prompt": "make it winter", "model": "klein", "count": 1}
    job = job_of(editors, execute(editors, call, "edit", values).job_id)
    assert (job.request.pixels, job.cost) == (2 * 1024 * 1024, 2)


def test_the_form_asks_which_part_unless_the_model_needs_none(
    editors: Ports, call: Call, picture: str
) -> None:
    job_id, _, index = picture.partition(".")
    form = load_form(editors, Ask(action=Action.EDIT, job_id=job_id, index=int(index)), call.person)
    assert [field.name for field in form.fields] == ["region", "prompt", "mask", "model"]
    assert [choice.value for choice in form.fields[-1].choices] == ["klein"]
    editors.options.known_models = (replace(PLAIN, edits_by_words=True),)
    by_words = load_form(editors, Ask(action=Action.EDIT, job_id=job_id, index=int(index)), call.person)
    assert [field.name for field in by_words.fields] == ["prompt", "region", "mask"]
    upload = form_about(Action.EDIT, subject_of_upload(editors, "t1ck3t"))
    assert [field.name for field in upload.fields] == ["prompt", "region", "mask"]
