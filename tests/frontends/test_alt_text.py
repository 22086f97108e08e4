"""An alternative text by hand, in the chats: a form, then the picture's own text in the message of its job."""

import json
from collections.abc import AsyncIterator

import pytest

from studio.ports import Ports
from tests.support import discord_sim
from tests.support.discord_sim import Room, gallery
from tests.support.slack_sim import SlackRoom, open_slack_room

WORDS = "a fox asleep, seen from above"

room, painted = discord_sim.room, discord_sim.painted


@pytest.fixture
async def slack_room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


async def test_on_discord_the_owner_describes_a_picture_in_a_form(room: Room, painted: str) -> None:
    form = await room.press(f"c1:alt:{painted}:2", room.ana)
    await room.ana.submit_modal(form, {"text": WORDS})
    await room.changed(f"{painted}.2")
    shown = [item["description"] for item in gallery(room.messages[0])]
    assert shown[:2] == ["Picture 1 of 4: a red fox", f"Picture 2 of 4: {WORDS}"]


async def test_in_slack_the_owner_describes_a_picture_in_a_modal(slack_room: SlackRoom) -> None:
    job_id = await slack_room.imagine("a red fox")
    message = await slack_room.painted(job_id)
    await slack_room.send(slack_room.slack.press(message, f"c1:alt:{job_id}:2"))
    assert await slack_room.send(slack_room.slack.submission(slack_room.view, {"text": WORDS})) is None
    slack_room.rest(job_id)
    await slack_room.picture_changed(f"{job_id}.2")
    assert f"Picture 2 of 4: {WORDS}" in json.dumps(slack_room.slack.messages[0].blocks)
