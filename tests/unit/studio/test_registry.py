"""The catalogue is whole, and buttons and reactions mean what it says."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.commands.button_ids import MAX_LENGTH, OF_GATHERINGS, Action, Button, parse_button
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG, REACTIONS, command_of_button, execute
from studio.domain.identifiers import is_job_id, new_job_id, picture_id, split_picture_id
from studio.errors import ChatelierError
from tests.support.buttons import execute_button

JOB = "k3v9m2p4qx7a"


@pytest.mark.parametrize("spec", CATALOG.values(), ids=lambda spec: spec.name)
def test_a_command_explains_itself(spec):
    assert spec.summary.endswith(".")
    assert spec.example.startswith(f"/{spec.name}")
    assert len(spec.parameters) <= 25  # Discord's limit
    assert len(spec.summary) <= 100
    flags = [flag for parameter in spec.parameters for flag in (parameter.name, *parameter.aliases)]
    assert len(flags) == len(set(flags))
    for parameter in spec.parameters:
        assert len(parameter.summary) <= 100
        assert parameter.summary.endswith(".")
        if parameter.kind in {Kind.INTEGER, Kind.NUMBER}:
            assert None not in (parameter.minimum, parameter.maximum)
        assert bool(parameter.choices) == (parameter.kind is Kind.CHOICE)


@pytest.mark.parametrize("action", Action)
def test_every_action_leads_to_a_command(action: Action):
    name, values = command_of_button(Button(action=action, job_id=JOB, index=2))
    assert set(values) <= {parameter.name for parameter in CATALOG[name].parameters}


def test_reactions_speak_of_known_actions():
    assert all(action in Action for action, _ in REACTIONS.values())


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("index", [0, 1, 9])
def test_a_button_reads_back_as_it_was_written(action: Action, index: int):
    button = Button(action=action, job_id=JOB, index=index)
    if action in OF_GATHERINGS:
        button = Button(action=action, job_id=JOB, verb="vote", round=12, part=9999)
    assert len(str(button)) <= MAX_LENGTH
    assert parse_button(str(button)) == button


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c1",
        "c1:vary:k3v9m2p4qx7a",
        "c2:vary:k3v9m2p4qx7a:1",
        "c1:explode:k3v9m2p4qx7a:1",
        "c1:vary:short:1",
        "c1:vary:k3v9m2p4qx7a:17",
        "c1:vary:k3v9m2p4qx7a:",
        "c1:vary:k3v9m2p4qx7a:²",
        "c1:vary:k3v9m2p4qx7a:1:2",
        "c1:vary:K3V9M2P4QX7A:1",
        "c1:vary:k3v9m2p4qx7a:1" + " " * 100,
    ],
)
def test_forged_and_damaged_buttons_are_nothing(text: str):
    assert parse_button(text) is None


def test_what_could_be_tried_over_and_over_is_counted_however_it_is_asked_for(ports, call):
    pressed = Button(action=Action.REPORT, job_id="k3v9m2p4qx7a", index=1)
    for ask in (
        lambda: execute(ports, call, "whose", {}),
        lambda: execute(ports, call, "link", {"code": "guess"}),
        lambda: execute_button(ports, call, pressed),
        lambda: execute(ports, call, "queue", {}),
    ):
        with suppress(ChatelierError):
            ask()
    assert ports.gate.side_effects == ["whose", "link", "report"]


@given(st.text(max_size=120))
def test_any_text_is_a_button_or_nothing(text: str):
    button = parse_button(text)
    assert button is None or str(button) == text


def test_fresh_ids_are_ids():
    fresh = {new_job_id() for _ in range(1000)}
    assert len(fresh) == 1000
    assert all(is_job_id(job_id) for job_id in fresh)
    assert all(split_picture_id(picture_id(job_id, 4)) == (job_id, 4) for job_id in fresh)
