"""Descriptions of pictures as people see them on Discord, on Slack and on the web."""

from dataclasses import replace

import pytest

from studio.commands.button_ids import Action, Button
from studio.ports import Ports
from tests.support import discord_sim, slack_cases
from tests.support.discord_sim import Room, words
from tests.support.slack_sim import SlackRoom
from tests.support.web_client import WebServer
from tests.support.web_jobs import finish

room, painted, slack_room = discord_sim.room, discord_sim.painted, slack_cases.room

SEEN = "A red fox sits in deep snow."


class Captioner:
    def describe(self, picture: bytes, *, model: str = "") -> str:
        return SEEN


@pytest.fixture
def ports(ports: Ports) -> Ports:
    return replace(ports, captioner=Captioner())


async def test_on_discord_the_owner_finds_it_in_the_form(room: Room, painted: str) -> None:
    which = await room.bo.context_menu(room.channel, "Describe", room.message)
    assert "Which picture?" in words(which.response)
    asked = await room.ana.slash(room.channel, "describe", picture=f"{painted}.1")
    assert asked.response.ephemeral
    assert SEEN in words(asked.response)
    pressed = await room.ana.click(asked.response, custom_id=f"c1:alt:{painted}:1")
    assert SEEN in repr(pressed.modal)


async def test_on_slack_it_is_said_to_the_person_alone(slack_room: SlackRoom) -> None:
    job_id, _ = await slack_room.finished("a red fox --count 1")
    await slack_room.send(slack_room.slack.mention(f"describe {job_id}.1"))
    assert SEEN in slack_room.slack.whispered()[-1]


def test_on_the_web_it_becomes_the_alternative_text(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    job_id = ana.say("a red fox --count 1")["job"]
    finish(web_server.ports, job_id)
    answer = ana.press(Button(action=Action.DESCRIBE, job_id=job_id, index=1))
    assert SEEN in answer["text"]
    assert answer["copy"] == SEEN
    assert f'alt="{SEEN}' in ana.disconnect_and_come_back().wall
