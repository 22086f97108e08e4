"""Drafts: up to eight single pictures with a button each, more as one sheet with a select."""

import io

from PIL import Image

from tests.support import discord_sim
from tests.support.discord_sim import Room, button_ids

room = discord_sim.room


async def test_a_number_paints_that_draft_at_full_size(room: Room) -> None:
    job_id = await room.imagine(draft=True, seed=7)
    await room.painted(job_id)
    assert len(room.message.attachments) == 8
    await room.bo.click(room.message, custom_id=f"c1:fullsize:{job_id}:3")
    request = room.request
    assert (request["prompt"], request["seed"], request["count"], request["draft"]) == (
        "a red fox",
        9,
        1,
        False,
    )


async def test_sixteen_drafts_are_one_numbered_contact_sheet_with_a_select(room: Room) -> None:
    job_id = await room.imagine(draft=True, count=16, seed=7)
    await room.painted(job_id)
    (sheet,) = room.message.attachments
    with Image.open(io.BytesIO(await sheet.read())) as image:
        assert image.width < 1200 < image.height
    assert not [found for found in button_ids(room.message) if found.startswith("c1:fullsize")]
    await room.bo.select(
        room.message, custom_id=f"c1o:fullsize:{job_id}", values=[f"c1:fullsize:{job_id}:16"]
    )
    assert (room.request["seed"], room.request["count"]) == (22, 1)
    assert room.jobs()[-1].person_key == f"discord:{room.guild.id}:{room.bo.id}"
