"""A prompt helper as people see it on Discord, on Slack and on the web."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from studio.commands.button_ids import Action, Button
from studio.db.tables import ProposalRow
from studio.errors import HelperUnavailableError
from studio.ports import Ports
from tests.support import discord_sim, slack_cases
from tests.support.discord_sim import Room, words
from tests.support.slack_sim import SlackRoom
from tests.support.web_client import WebServer
from tests.support.web_jobs import finish

room, painted, slack_room = discord_sim.room, discord_sim.painted, slack_cases.room


class Helper:
    away = False

    def suggest(self, words: str, *, count: int) -> Sequence[str]:
        return [f"{words}, version {number}" for number in range(1, count + 1)]

    def rewrite(self, prompt: str, change: str) -> str:
        if self.away:
            raise HelperUnavailableError
        return f"{prompt}, at night"


@pytest.fixture
def ports(ports: Ports) -> Ports:
    return replace(ports, prompt_helper=Helper())


def proposal_in(ports: Ports) -> str:
    with ports.database.read() as session:
        return session.query(ProposalRow).one().id


async def reply(room: Room, text: str) -> Any:
    typed = f"<@{room.bot.user.id}> {text}"  # type: ignore[union-attr]
    await room.bo.send(room.channel, typed, reply_to=room.message)
    await room.env.settle()


async def test_on_discord_a_reply_shows_the_new_prompt_before_it_is_painted(room: Room, painted: str) -> None:
    await reply(room, "make it darker")
    assert len(room.jobs()) == 1
    shown = room.channel.last_message
    assert ", at night" in words(shown)
    button = f"c1:proposed:{proposal_in(room.ports)}:1"
    await room.ana.click(shown, custom_id=button)
    assert len(room.jobs()) == 1
    await room.bo.click(shown, custom_id=button)
    assert room.jobs()[-1].command == "remix"
    assert room.request["prompt"].endswith(", at night")


async def test_on_discord_a_reply_paints_as_before_when_the_helper_is_away(room: Room, painted: str) -> None:
    room.ports.prompt_helper.away = True  # type: ignore[union-attr]
    await reply(room, "a blue fox")
    assert (room.jobs()[-1].command, room.request["prompt"]) == ("remix", "a blue fox")


async def test_on_discord_suggestions_are_for_one_person(room: Room) -> None:
    asked = await room.ana.slash(room.channel, "imagine", prompt="a red fox", suggest=True)
    assert asked.response.ephemeral
    assert "version 3" in words(asked.response)
    assert room.jobs() == []


async def test_on_slack_words_in_a_thread_show_the_new_prompt(slack_room: SlackRoom) -> None:
    _, message = await slack_room.finished("a red fox --count 1")
    await slack_room.send(slack_room.slack.mention("make it darker", thread_ts=message.ts))
    assert len(slack_room.jobs()) == 1
    assert "a red fox, at night" in slack_room.slack.whispered()[-1]
    button = f"c1:proposed:{proposal_in(slack_room.ports)}:1"
    assert button in repr(slack_room.slack.whispers[-1])
    await slack_room.send(slack_room.slack.press(message, button))
    assert slack_room.jobs()[-1].request["prompt"] == "a red fox, at night"


def test_on_the_web_suggestions_open_as_a_dialog(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    path = ana.say("a red fox --suggest --count 2")["open"]
    dialog = ana.client.get(path, headers={"hx-request": "true"}).text
    button = Button(action=Action.PROPOSED, job_id=proposal_in(web_server.ports), index=2)
    assert "a red fox, version 3" in dialog
    assert f'"{button}"' in dialog
    assert "version" not in bo.client.get(path, headers={"hx-request": "true"}).text
    assert not bo.press(button)["ok"]
    job_id = ana.press(button)["job"]
    finish(web_server.ports, job_id)
    assert "a red fox, version 2" in ana.card(job_id, "done")
