"""Messages, modals and Home tabs that earlier versions sent still work."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bots.slack.listeners.form_state import read_form
from studio.db.queries import job_of
from studio.domain.requests import Operation, Source
from studio.ports import InstanceLimits, Ports
from tests.support.fakes import fake_ports
from tests.support.loopback_slack.records import BO, GENERAL
from tests.support.slack_sim import SlackRoom, open_slack_room

FIXTURE = Path(__file__).parents[2] / "fixtures" / "schema_0009" / "messages.json"
GRID: Mapping[str, Any] = json.loads(FIXTURE.read_text())["slack"]["grid"]
NEEDS_FORM = {"remix", "edit", "expand"}


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    made = fake_ports(f"sqlite:///{tmp_path}/studio.sqlite3", InstanceLimits(max_outstanding_jobs=100))
    yield made
    made.database.close()


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


def presses() -> Iterator[tuple[str, str | None]]:
    """Each button of the stored message as its id and value, and each option of its menu."""
    for block in GRID["blocks"]:
        for element in block.get("elements", ()):
            for option in element.get("options", ()):
                yield element["action_id"], option["value"]
            if element.get("type") == "button":
                yield element["action_id"], None


STORED_JOB = next(action.split(":")[2] for action, value in presses() if value is None)


@pytest.mark.parametrize(("action", "value"), list(presses()))
async def test_every_button_of_a_stored_message_does_what_it_says(
    room: SlackRoom, action: str, value: str | None
) -> None:
    job_id, message = await room.finished()
    jobs = len(room.jobs())
    action = action.replace(STORED_JOB, job_id)
    value = value.replace(STORED_JOB, job_id) if value else None
    await room.send(room.slack.press(message, action, value=value, user=BO))
    name = (value or action).split(":")[1]
    if name in NEEDS_FORM:
        assert room.view["callback_id"] == f"c1m:{name}:{job_id}"
    elif name == "star":
        assert room.slack.whispered() == ["Starred; it has 1 star now."]
    else:
        assert len(room.jobs()) == jobs + 1, room.slack.whispered()


def former_view(room: SlackRoom, name: str, **matter: Any) -> dict[str, Any]:
    """A modal as an earlier version left it open, with what it kept."""
    fields = {"remix": ["prompt"], "pick": [], "imagine": ["prompt"], "edit": ["region", "prompt"]}[name]
    inputs = [
        {"type": "input", "block_id": field, "element": {"type": "plain_text_input", "action_id": "value"}}
        for field in fields
    ]
    metadata = {"channel": GENERAL, **matter}
    return {
        "id": "V0FORMER",
        "type": "modal",
        "callback_id": f"c1m:{name}",
        "private_metadata": json.dumps(metadata),
        "blocks": inputs,
    }


async def test_a_modal_that_was_open_over_an_update_is_followed(room: SlackRoom) -> None:
    job_id, _ = await room.finished()
    view = former_view(room, "remix", action="remix", job=job_id, indices=[2])
    assert await room.send(room.slack.submission(view, {"prompt": "a green fox"})) is None
    request = job_of(room.jobs()[-1]).request
    assert (request.prompt, request.sources[0].picture_id) == ("a green fox", f"{job_id}.2")
    assert room.message.channel == GENERAL


async def test_a_choice_of_a_picture_that_was_open_over_an_update_is_followed(room: SlackRoom) -> None:
    job_id, _ = await room.finished()
    view = former_view(room, "pick", action="upscale", job=job_id, indices=[1, 2, 3, 4])
    payload = room.slack.submission(view, {})
    payload["view"]["state"]["values"]["picture"] = {
        "c1s:picture": {"type": "static_select", "selected_option": {"value": f"{job_id}.3"}}
    }
    assert await room.send(payload) is None
    request = job_of(room.jobs()[-1]).request
    assert (request.operation, request.sources[0].picture_id) == (Operation.UPSCALE, f"{job_id}.3")


async def test_a_modal_over_somebodys_image_that_was_open_over_an_update_is_read(room: SlackRoom) -> None:
    view = former_view(room, "edit", action="edit", image={"key": "uploads/a.png"}, thread="1.2")
    form, state = read_form(view)
    assert (form.command, form.about) == ("edit", "")
    assert state.image == Source(key="uploads/a.png")
    assert (state.channel, state.thread) == (GENERAL, "1.2")


@pytest.mark.parametrize(
    "view",
    [
        {"callback_id": "c1m:fly", "private_metadata": "{}"},
        {"callback_id": "c1m:edit:k3v9m2p4qx7a.1", "private_metadata": "{"},
        {"callback_id": "other", "private_metadata": "{}"},
        {"callback_id": "c1m:pick", "private_metadata": '{"action": "rm -rf"}'},
    ],
)
def test_a_view_that_is_not_ours_is_refused(view: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_form(view)
