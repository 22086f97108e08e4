"""Drafts: many small pictures in few steps, priced together, and one of them at full size."""

from dataclasses import replace

import pytest

from studio.commands.button_ids import Action, Button, parse_button
from studio.commands.command_line import parse_phrase
from studio.commands.registry import CATALOG, check, command_of_button, execute
from studio.commands.spec import Call
from studio.db import queries
from studio.domain.identifiers import picture_id, picture_number, picture_numbered, split_picture_id
from studio.domain.jobs import Job
from studio.domain.requests import Operation, PaintRequest
from studio.domain.sizing.drafts import draft_factor, draft_steps, price_draft
from studio.errors import BadParameterError
from studio.ports import Ports, RunnableModel
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.sentences import raises

SDXL = RunnableModel(name="sdxl", width=1024, height=1024, steps=30)


def asked(ports: Ports, call: Call, name: str = "imagine", **values: object) -> Job:
    call = replace(call, request_key=f"{name}{sorted(values.items())}")
    job_id = execute(ports, call, name, values).job_id
    with ports.database.read() as session:
        return queries.find_job(session, job_id)


@pytest.fixture(autouse=True)
def models(ports: Ports) -> None:
    ports.options.known_models = (SDXL, RunnableModel(name="thimble"))


def test_eight_drafts_are_asked_for_and_cost_what_their_pixels_and_steps_take(
    ports: Ports, call: Call
) -> None:
    job = asked(ports, call, prompt="a red fox", draft="yes")
    assert (job.request.draft, job.request.count, job.request.steps) == (True, 8, 10)
    assert job.request.pixels == 512 * 512
    assert job.cost == 1  # 8 · ¼ megapixel · ⅓ of thirty steps, rounded up once
    many = asked(ports, call, prompt="a red fox", draft=True, count=16, size="2048x2048")
    assert (many.request.count, many.cost) == (16, 6)


def test_how_many_depends_on_how_many_pictures_one_may_ask_for(ports: Ports, call: Call) -> None:
    ports.gate.allowed = replace(ports.gate.allowed, max_pictures=2)
    assert asked(ports, call, prompt="a fox", draft=True).request.count == 8
    for values in ({"count": 9, "draft": True}, {"count": 9, "draft": "yes"}):
        with raises(BadParameterError, match="At most 8 drafts"):
            check(ports, call, "imagine", {"prompt": "a fox", **values})
        with raises(BadParameterError, match="At most 8 drafts"):
            asked(ports, call, prompt="a fox", **values)
    with raises(BadParameterError, match="or with --draft 16 drafts"):
        asked(ports, call, prompt="a fox", count=9)


@pytest.mark.parametrize(
    ("typed", "prompt", "values"),
    [
        ("a fox --draft", "a fox", {"draft": "yes"}),
        ("--draft a fox", "a fox", {"draft": "yes"}),
        ("a fox --draft --ar 3:2", "a fox", {"draft": "yes", "aspect": "3:2"}),
        ("a fox --seed 7 --draft", "a fox", {"draft": "yes", "seed": "7"}),
        ("a fox --draft=no", "a fox", {"draft": "no"}),
        ("a fox --draft yes, --count 16", "a fox", {"draft": "yes", "count": "16"}),
    ],
)
def test_the_flag_takes_no_words(typed: str, prompt: str, values: dict[str, str]) -> None:
    _, read = parse_phrase(f"/imagine {typed}")
    assert {**read, "prompt": str(read["prompt"]).strip()} == {"prompt": prompt, **values}
    assert CATALOG["imagine"].read(read).draft is (values["draft"] == "yes")


def test_another_tools_flag_stays_a_hint_where_nothing_is_drafted() -> None:
    assert parse_phrase("/remix a fox --draft")[1]["prompt"] == "a fox --draft"


def test_the_full_size_has_the_words_and_the_seed_of_its_draft_and_the_models_own_steps(
    ports: Ports, call: Call
) -> None:
    draft = asked(ports, call, prompt="a {red,blue} fox", draft=True, seed=7, steps=5, aspect="3:2")
    paint_job(ports, draft.id)
    button = parse_button(f"c1:fullsize:{draft.id}:2")
    assert button is not None
    name, values = command_of_button(button)
    large = asked(ports, replace(call, person=someone("bo")), name, **values)
    request = large.request
    assert (request.prompt, request.prompts, request.seed, request.count) == ("a blue fox", (), 8, 1)
    assert (request.draft, request.steps, request.pixels, request.aspect) == (False, None, None, "3:2")
    assert (request.operation, large.cost) == (Operation.IMAGINE, 1)
    paint_job(ports, large.id)
    with raises(BadParameterError, match="is no draft"):
        asked(ports, call, "fullsize", picture=f"{large.id}.1")


def test_drafts_are_rerolled_as_drafts(ports: Ports, call: Call) -> None:
    draft = asked(ports, call, prompt="a fox", draft=True)
    paint_job(ports, draft.id)
    again = asked(ports, call, "reroll", job=draft.id)
    assert (again.request.draft, again.request.count, again.cost) == (True, 8, draft.cost)


def test_a_model_for_small_pictures_drafts_at_its_size_and_a_quick_one_in_its_steps() -> None:
    assert [draft_factor(side, side) for side in (256, 512, 768, 1024)] == [1, 1, 2, 2]
    assert [draft_steps(steps) for steps in (1, 2, 4, 8, 25, 30, 50)] == [1, 2, 4, 4, 9, 10, 17]


def test_a_model_that_tells_nothing_of_itself_counts_as_a_usual_one() -> None:
    request = PaintRequest(operation=Operation.IMAGINE, seed=1, draft=True, count=8)
    priced = price_draft(request, width=0, height=0, steps=0)
    assert (priced.pixels, priced.steps) == (512 * 512, 10)


def test_a_model_whose_drafts_would_be_ordinary_pictures_is_refused(ports: Ports, call: Call) -> None:
    ports.options.known_models = (SDXL, RunnableModel(name="far", drafts=False))
    for act in (check, execute):
        with raises(BadParameterError, match="neither smaller nor in fewer steps.*sdxl"):
            act(ports, call, "imagine", {"prompt": "a fox", "model": "far", "draft": True})
    assert not asked(ports, call, prompt="a fox", model="far").request.draft
    ports.options.known_models = (RunnableModel(name="far", drafts=False),)
    with raises(BadParameterError, match="there are no drafts"):
        check(ports, call, "imagine", {"prompt": "a fox", "draft": True})


@pytest.mark.parametrize("index", range(1, 17))
def test_sixteen_pictures_of_a_job_have_ids_buttons_and_numbers(index: int) -> None:
    found = picture_id("k3v9m2p4qx7a", index)
    assert split_picture_id(found) == ("k3v9m2p4qx7a", index)
    assert picture_numbered(picture_number(found)) == found
    assert picture_number(found) < 2**64
    button = Button(action=Action.FULL_SIZE, job_id="k3v9m2p4qx7a", index=index)
    assert parse_button(str(button)) == button


@pytest.mark.parametrize("index", ["17", "99", "01", "00", "", "²", "1a"])
def test_there_are_no_more(index: str) -> None:
    assert split_picture_id(f"k3v9m2p4qx7a.{index}") is None
    assert parse_button(f"c1:fullsize:k3v9m2p4qx7a:{index}") is None
