"""One message for each job on Discord: its pictures, its progress, and every way it can end."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import discord
import pytest
from PIL import Image

from bots.texts import jobs
from engine.imaging.image_tools import PillowImageTools
from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support import discord_sim
from tests.support.discord_answers import delivery, requests
from tests.support.discord_sim import Room, button_ids, gallery, open_room, words
from tests.support.finished_jobs import end_job, paint_job

room = discord_sim.room


def forget_cached(room: Room, job_id: str) -> None:
    """As after a restart."""
    del room.bot.delivery.publisher._messages[DeliveryKind.JOB, job_id]


async def test_a_finished_job_shows_its_pictures_words_seed_model_and_credit(room: Room) -> None:
    job_id = await room.imagine(prompt="a red fox", seed=7)
    await room.painted(job_id)
    (message,) = room.channel.history()
    assert message.flags.components_v2
    assert words(message).startswith("**a red fox**\n")
    assert f"<@{room.ana.id}>" in words(message)
    assert "seeds 7–10" in words(message)
    assert "thimble" in words(message)
    assert job_id in words(message)
    assert [attachment.filename for attachment in message.attachments] == [
        f"{job_id}.{number}.png" for number in (1, 2, 3, 4)
    ]
    for number, attachment in enumerate(message.attachments, start=1):
        assert await attachment.read() == f"picture {job_id} {number}".encode()
    assert [item["description"] for item in gallery(message)] == [
        f"Picture {number} of 4: a red fox" for number in (1, 2, 3, 4)
    ]


async def test_a_result_has_buttons_for_every_picture_and_for_the_job(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    tiles = [f"c1:{action}:{job_id}:{index}" for action in ("upscale", "vary") for index in (1, 2, 3, 4)]
    tools = [f"c1:{action}:{job_id}:0" for action in ("reroll", "remix", "edit", "more")]
    assert button_ids(room.message) == tiles + tools


async def test_a_job_of_one_picture_shows_the_picture_and_its_own_buttons(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    assert await room.message.attachments[0].read() == f"picture {job_id} 1".encode()
    actions = {custom_id.split(":")[1] for custom_id in button_ids(room.message)}
    assert actions == {"subtle", "vary", "upscale", "reroll", "remix", "edit", "more"}


async def test_an_upscaled_picture_offers_neither_upscale_nor_reroll(room: Room) -> None:
    origin = await room.imagine()
    await room.painted(origin)
    await room.ana.slash(room.channel, "upscale", picture=f"{origin}.1")
    await room.painted(room.newest_job())
    actions = {custom_id.split(":")[1] for custom_id in button_ids(room.message)}
    assert not actions & {"upscale", "reroll"}


async def test_a_result_with_a_deleted_picture_keeps_the_numbers_of_the_others(
    room: Room,
) -> None:
    job_id = await room.imagine(count=3)
    await room.painted(job_id)
    await room.ana.slash(room.channel, "delete", what=f"{job_id}.2")
    await room.changed(f"{job_id}.2")
    dead = [
        child.custom_id
        for row in room.message.components
        if isinstance(row, discord.ActionRow)
        for child in row.children
        if child.disabled
    ]
    assert dead == [f"c1:upscale:{job_id}:2", f"c1:vary:{job_id}:2"]
    assert [await attachment.read() for attachment in room.message.attachments] == [
        f"picture {job_id} {number}".encode() for number in (1, 3)
    ]


async def test_when_all_pictures_are_deleted_so_are_the_attachments(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    await room.ana.slash(room.channel, "delete", what=job_id)
    await room.changed(f"{job_id}.1")
    assert words(room.message).endswith(jobs.ALL_DELETED)
    assert not room.message.attachments
    assert not button_ids(room.message)


async def test_a_file_that_is_too_large_is_made_to_fit(ports: Ports, tmp_path: Path) -> None:
    async with open_room(replace(ports, image_tools=PillowImageTools()), tmp_path) as room:
        job_id = await room.imagine(count=1)
        file = io.BytesIO()
        Image.effect_noise((500, 500), 90).convert("RGB").save(file, "PNG")
        room.bot.transport.expect(job_id, limit_bytes=200_000)
        assert len(file.getvalue()) > 200_000
        paint_job(room.ports, job_id, png=file.getvalue())
        await room.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.DONE))
        (attachment,) = room.message.attachments
        assert attachment.size <= 200_000


async def test_a_message_of_an_earlier_version_is_edited_into_the_new_layout(room: Room) -> None:
    """The flag of the layout is added by the edit; Discord takes it only together with an emptied text."""
    job_id = await room.imagine()
    with room.env._bot_scope():
        old = await room.bot.get_partial_messageable(room.channel.id).send("**a red fox**")
    await room.env.settle()
    forget_cached(room, job_id)
    with room.ports.database.begin() as session:
        session.get_one(DeliveryRow, ("job", job_id)).message = str(old.id)
    await room.painted(job_id)
    (edited,) = [message for message in room.messages if message.id == old.id]
    assert edited.flags.components_v2
    assert not edited.content
    assert len(gallery(edited)) == 4


async def test_discord_finding_a_file_too_large_gets_a_smaller_one(room: Room) -> None:
    job_id = await room.imagine()
    room.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005)
    await room.painted(job_id)
    assert len(room.message.attachments) == 4


async def test_progress_is_a_bar_with_a_preview_and_not_too_often(
    room: Room, still: Callable[[str], None]
) -> None:
    still("bots.delivery.message_publisher")
    job_id = await room.imagine()
    await room.progress(job_id, 1)
    assert "%" not in words(room.message)
    room.allow_edit(job_id)
    preview = "data:image/png;base64," + base64.b64encode(b"tiny").decode()
    await room.progress(job_id, 4, preview=preview)
    assert "50%" in words(room.message)
    assert "Step 4 of 8" in words(room.message)
    assert await room.message.attachments[0].read() == b"tiny"
    edits = len(requests(room, "PATCH"))
    await room.progress(job_id, 5)
    assert len(requests(room, "PATCH")) == edits


async def test_progress_after_the_end_changes_nothing(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    room.allow_edit(job_id)
    await room.progress(job_id, 3)
    assert "Step 3" not in words(room.message)
    assert len(gallery(room.message)) == 4


async def test_progress_that_arrives_late_is_followed_by_the_end_again(room: Room) -> None:
    job_id = await room.imagine()
    end_job(room.ports, job_id, JobState.CANCELLED)  # another process knows, this one does not yet
    room.allow_edit(job_id)
    await room.progress(job_id, 3)
    assert words(room.message).endswith("Cancelled.")


async def test_progress_is_shown_after_a_restart(room: Room) -> None:
    job_id = await room.imagine()
    await room.restart()
    await room.progress(job_id, 2)
    assert "Step 2 of 8" in words(room.message)


@pytest.mark.parametrize("preview", ["data:image/svg+xml;base64,AAAA", "data:image/png;base64,???", "x" * 10])
async def test_a_preview_that_is_no_picture_is_left_out(room: Room, preview: str) -> None:
    job_id = await room.imagine()
    room.allow_edit(job_id)
    await room.progress(job_id, 2, preview=preview)
    assert "Step 2 of 8" in words(room.message)
    assert not room.message.attachments


async def test_the_place_in_the_queue_is_kept_up_to_date(room: Room) -> None:
    first = await room.imagine(room.ana)
    second = await room.imagine(room.bo, "a blue bird")
    end_job(room.ports, first, JobState.CANCELLED)
    room.allow_edit(second)
    with room.env._bot_scope():
        await room.bot.delivery.tick()
    assert "Next in line" in words(room.message)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (JobState.FAILED, "could not be painted"),
        (JobState.REFUSED, "The rules here"),
        (JobState.CANCELLED, "Cancelled."),
        (JobState.HELD, "moderator"),
    ],
)
async def test_a_job_without_pictures_ends_in_one_sentence(
    room: Room, state: JobState, sentence: str
) -> None:
    job_id = await room.imagine(prompt="words that may not be shown")
    await room.ended(job_id, state)
    (message,) = room.channel.history()
    assert sentence in words(message)
    assert "words that may not" not in words(message)
    assert button_ids(message) == ([f"c1:appeal:{job_id}:0"] if state is JobState.REFUSED else [])
    assert delivery(room, job_id).final is (state is not JobState.HELD)
