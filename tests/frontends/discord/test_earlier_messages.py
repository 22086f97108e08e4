"""Messages that an earlier version has sent: their buttons are pressed as they were stored."""

import json
from pathlib import Path
from typing import Any

import discord
import pytest

from bots.texts.coded.bad_requests import BAD_REQUEST
from studio.db.tables import CaseRow
from tests.support import discord_sim
from tests.support.discord_sim import Room, button_ids, words

room = discord_sim.room
STORED = Path(__file__).parents[2] / "fixtures" / "schema_0009" / "messages.json"
MESSAGES: dict[str, Any] = json.loads(STORED.read_text())["discord"]


async def send_as_stored(room: Room, stored: dict[str, Any], job_id: str) -> discord.Message:
    """A message with the text and the buttons of a stored one, about a job of this server."""
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(stored["components"]):
        for button in row["components"]:
            _, action, _, index = button["custom_id"].split(":")
            view.add_item(
                discord.ui.Button(
                    custom_id=f"c1:{action}:{job_id}:{index}", label=button["label"], row=number
                )
            )
    view.stop()
    with room.env._bot_scope():
        channel = room.bot.get_partial_messageable(room.channel.id)
        message = await channel.send(stored["content"], view=view)
    await room.env.settle()
    return message


@pytest.mark.parametrize("kind", ["grid", "variation", "single"])
async def test_every_button_of_an_earlier_result_leads_somewhere(room: Room, kind: str) -> None:
    single = kind == "single"
    job_id = await room.imagine(prompt="a red fox", count=1 if single else 4)
    await room.painted(job_id)
    message = await send_as_stored(room, MESSAGES[kind], job_id)
    ids = button_ids(message)
    assert len(ids) >= 8
    for custom_id in ids:
        await room.env.advance_time(10)
        jobs = len(room.jobs())
        pressed = await room.bo.click(message, custom_id=custom_id)
        private = words(pressed.response) if pressed.response else ""
        assert BAD_REQUEST["button_unknown"] not in private
        assert "Fault" not in private
        assert pressed.modal or private or len(room.jobs()) == jobs + 1, custom_id


async def test_an_earlier_cancel_button_cancels(room: Room) -> None:
    job_id = await room.imagine()
    message = await send_as_stored(room, MESSAGES["waiting"], job_id)
    answer = await room.ana.click(message, custom_id=f"c1:cancel:{job_id}:0")
    assert words(answer.response) == "Cancelled."


async def test_a_report_form_that_an_earlier_version_opened_is_read(room: Room) -> None:
    """Its one field was called ``prompt``; it may have been open while the bot was replaced."""
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    shown = await room.press(f"c1:report:{job_id}:1")
    modal = shown._interaction.modal
    field = {"type": 4, "id": 2, "custom_id": "prompt", "style": 2, "required": False}
    modal["components"] = [{"type": 18, "id": 1, "label": "What is wrong", "component": field}]
    filed = await room.bo.submit_modal(shown, {"prompt": "it shows a private person"})
    assert "Thank you" in words(filed.response)
    with room.ports.database.read() as session:
        assert session.query(CaseRow).one().words == "it shows a private person"
