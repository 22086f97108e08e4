"""What pictures cost: pixels times steps, said when a job is accepted and booked as it was said."""

from dataclasses import replace

import pytest

from bots.presentation.compose.job_message import compose_job
from bots.queries.job_view import JobView
from studio.commands.registry import execute
from studio.db import credit_ledger, queries
from studio.domain.requests import Operation, PaintRequest, Source
from studio.domain.sizing.canvases import margins_for
from studio.domain.sizing.prices import pixels_around, pixels_enlarged, pixels_like
from studio.errors import BadParameterError
from studio.ports import RunnableModel
from tests.support.message_text import text_of
from tests.support.sentences import raises


def upload(width, height):
    return Source(key="a.png", width=width, height=height)


def painted(width, height):
    return Source(key="a.png", picture_id="k3v9m2p4qx7a.1", width=width, height=height)


def asked(ports, call, command, **values):
    job_id = execute(ports, call, command, values).job_id
    with ports.database.read() as session:
        return queries.find_job(session, job_id)


@pytest.mark.parametrize(
    ("values", "cost"),
    [
        ({"image": upload(512, 512)}, 1),
        ({"image": upload(1024, 1024), "sides": "left", "amount": 50}, 2),
        ({"image": upload(1024, 1024)}, 4),
        ({"image": upload(2048, 512), "aspect": "1:1"}, 4),
        ({"image": upload(2048, 2048), "sides": "all", "amount": 50}, 16),
        ({"image": Source(key="a.png")}, 1),
    ],
)
def test_an_expansion_costs_what_its_canvas_takes(ports, call, values, cost):
    job = asked(ports, call, "expand", count=1, **values)
    assert job.cost == job.request.cost == cost
    with ports.database.read() as session:
        assert credit_ledger.used_credits(session, call.person.key, at=job.created_at) == cost


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"image": upload(2048, 2048), "amount": 200}, "at most 4096 a side"),
        ({"image": upload(512, 512), "aspect": "1:1"}, "already is 1:1"),
    ],
)
def test_a_canvas_that_cannot_be_is_refused_before_the_queue(ports, call, values, sentence):
    with raises(BadParameterError, match=sentence):
        execute(ports, call, "expand", values)


@pytest.mark.parametrize(
    ("region", "size", "cost"),
    [
        ("B2", (2048, 1536), 1),
        ("everything", (2048, 1536), 3),
        ("A1-D4", (1024, 1024), 1),
        ("A1-B4", (2048, 2048), 4),
    ],
)
def test_an_edit_costs_what_its_window_takes(ports, call, region, size, cost):
    job = asked(ports, call, "edit", image=upload(*size), prompt="a boat", region=region, count=1)
    assert job.cost == cost


@pytest.mark.parametrize(("size", "cost"), [((256, 256), 1), ((1024, 1024), 1), ((1536, 1536), 2)])
def test_an_upscale_goes_over_its_pixels_once(ports, call, size, cost):
    assert asked(ports, call, "upscale", image=upload(*size)).cost == cost


@pytest.mark.parametrize(
    ("source", "pixels"),
    [
        (painted(512, 768), 512 * 768),
        (painted(2048, 2048), 2048 * 2048),
        (painted(4096, 4096), None),
        (upload(2048, 2048), None),
        (Source(key="a.png", picture_id="k3v9m2p4qx7a.1"), None),
    ],
)
def test_what_is_like_a_picture_is_as_large_as_it_unless_that_is_too_large(source, pixels):
    assert pixels_like(source) == pixels


def test_where_the_size_is_not_known_the_model_decides():
    unknown = Source(key="a.png")
    assert pixels_around(unknown, (0, 0, 9, 9)) is None
    assert pixels_enlarged(unknown, 4) is None
    assert PaintRequest(operation=Operation.EDIT, seed=1, count=1).cost == 1


def test_the_margins_that_are_priced_are_those_that_are_painted():
    assert margins_for((64, 64), aspect=None, sides=(), amount_percent=None).left == 32
    assert margins_for((64, 64), aspect="2:1", sides=(), amount_percent=None).left == 32


def test_a_job_says_its_price_where_it_is_more_than_a_credit_for_each_picture(ports, call):
    cheap = asked(ports, call, "imagine", prompt="a fox", count=2)
    dear = asked(
        ports, replace(call, request_key="other"), "imagine", prompt="a fox", count=2, size="2048x2048"
    )
    assert "Costs" not in text_of(compose_job(JobView(job=cheap)))
    assert "Costs 8 credits." in text_of(compose_job(JobView(job=dear)))
    assert (dear.cost, dear.request.price) == (8, 4)


def test_a_model_costs_as_many_times_as_much_as_its_entry_says(ports, call):
    ports.options.known_models = (RunnableModel(name="far", price=4.0), RunnableModel(name="near", price=0.5))

    def cost(command, key, **values):
        return asked(ports, replace(call, request_key=key), command, **values).cost

    assert cost("imagine", "default", prompt="a fox", count=2) == 8
    assert cost("imagine", "named", prompt="a fox", count=2, model="near") == 2
    assert cost("imagine", "large", prompt="a fox", count=1, model="near", size="2048x2048") == 2
    assert cost("upscale", "upscale", image=upload(1024, 1024)) == 1


def test_the_default_model_costs_its_own_price_while_another_one_alone_is_announced(ports, call):
    ports.options.known_models = (RunnableModel(name="far", price=4.0),)
    ports.options.price_of_default = 2.0
    assert asked(ports, call, "imagine", prompt="a fox", count=2).cost == 4
    far = asked(ports, replace(call, request_key="far"), "imagine", prompt="a fox", count=2, model="far")
    assert far.cost == 8


def test_a_repeated_job_costs_what_the_model_costs_today(ports, call):
    ports.options.known_models = (RunnableModel(name="far", price=4.0),)
    first = asked(ports, call, "imagine", prompt="a fox", count=2)
    assert (first.cost, first.request.cost) == (8, 8)  # also where a held one is charged later
    ports.options.known_models = (RunnableModel(name="far"),)
    again = asked(ports, replace(call, request_key="again"), "reroll", job=first.id)
    assert (again.cost, again.request.price_factor) == (2, None)
