"""Buttons, menus of cells and forms: pressed by anybody, once or twice, before and after a restart."""

from collections.abc import Callable
from typing import Any

import pytest

from bots.discord.interactions.modals import fields
from bots.discord.texts.texts import UNDER_WAY
from bots.texts import chat
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.errors import TooManyJobsError
from tests.support import discord_sim
from tests.support.discord_sim import Room, button_ids

room, painted = discord_sim.room, discord_sim.painted


# ---- buttons that start a job


@pytest.mark.parametrize(
    ("button", "operation"),
    [("vary:{}:3", "vary"), ("upscale:{}:3", "upscale"), ("subtle:{}:3", "vary"), ("expand:{}:3", "expand")],
)
async def test_a_tile_button_starts_a_job_from_that_tile(
    room: Room, painted: str, button: str, operation: str
) -> None:
    await room.press("c1:" + button.format(painted))
    assert room.request["operation"] == operation
    assert room.request["sources"][0]["picture_id"] == f"{painted}.3"
    assert f"from <@{room.ana.id}>’s red fox" in room.message.content
    assert len(room.messages) == 2


async def test_reroll_paints_the_same_words_with_another_seed(room: Room, painted: str) -> None:
    await room.bo.click(room.message, label="🔁")
    assert room.request["prompt"] == "a red fox"
    assert room.request["seed"] != 7
    assert room.jobs()[-1].person_key == f"discord:{room.guild.id}:{room.bo.id}"


async def test_a_button_works_after_a_restart(room: Room, painted: str) -> None:
    message = room.message
    await room.restart()
    await room.bo.click(message, label="V2")
    assert room.request["sources"][0]["picture_id"] == f"{painted}.2"
    assert "Accepted" in room.message.content


async def test_two_people_on_one_button_start_two_jobs(room: Room, painted: str) -> None:
    grid = room.message
    await room.bo.click(grid, label="V1")
    await room.ana.click(grid, label="V1")
    assert len(room.jobs()) == 3


async def test_a_double_click_is_one_job_and_one_message(
    room: Room, painted: str, still: Callable[[str], None]
) -> None:
    still("bots.discord.interactions.click_dedup")
    grid = room.message
    await room.bo.click(grid, label="V1")
    again = await room.bo.click(grid, label="V1")
    assert len(room.jobs()) == 2
    assert len(room.messages) == 2
    assert again.followups[0].content == UNDER_WAY
    assert again.followups[0].ephemeral


async def test_a_later_click_is_meant_again(room: Room, painted: str) -> None:
    grid = room.message
    await room.bo.click(grid, label="V1")
    await room.env.advance_time(10)
    await room.bo.click(grid, label="V1")
    assert len(room.jobs()) == 3
    assert len(room.messages) == 3


async def test_a_limit_is_told_to_the_person_who_clicked(room: Room, painted: str) -> None:
    room.ports.gate.admit_error = TooManyJobsError(limit=3)  # type: ignore[attr-defined]
    result = await room.bo.click(room.message, label="V1")
    assert "3 jobs waiting" in result.followups[0].content
    assert result.followups[0].ephemeral
    assert len(room.messages) == 1


# ---- cancel


async def test_cancel_is_for_the_person_and_for_moderators(room: Room) -> None:
    await room.imagine()
    message = room.message
    result = await room.bo.click(message, label="Cancel")
    assert "Only the person" in result.response.content
    assert room.jobs()[0].state != JobState.CANCELLED
    result = await room.mod.click(message, label="Cancel")
    assert result.response.content == "Cancelled."
    assert room.jobs()[0].state == JobState.CANCELLED


async def test_a_second_cancel_is_a_sentence(room: Room) -> None:
    job_id = await room.imagine()
    await room.ana.click(room.message, label="Cancel")
    result = await room.press(f"c1:cancel:{job_id}:0", room.ana)
    assert "over already" in result.response.content


# ---- stars


async def test_a_star_is_given_and_taken_back(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    result = await room.bo.click(room.message, label="⭐")
    assert "Starred" in result.response.content
    await room.changed(f"{job_id}.1")
    assert "⭐ 1" in room.message.content
    result = await room.bo.click(room.message, label="⭐")
    assert "taken back" in result.response.content
    await room.changed(f"{job_id}.1")
    assert "⭐" not in room.message.content


@pytest.mark.parametrize(("label", "action"), [("⭐", "star"), ("↔ Expand", "expand"), ("🖌 Edit", "edit")])
async def test_a_grid_asks_which_picture_is_meant(room: Room, painted: str, label: str, action: str) -> None:
    result = await room.bo.click(room.message, label=label)
    assert result.response.ephemeral
    assert result.response.content == chat.WHICH_PICTURE
    message = result.response.message
    assert button_ids(message) == [f"c1:{action}:{painted}:{index}" for index in (1, 2, 3, 4)]


# ---- remix


async def test_remix_asks_for_words_and_paints_with_them(room: Room, painted: str) -> None:
    which = await room.bo.click(room.message, label="✏️ Remix")
    form = await room.bo.click(which.response.message, label="2")
    (field,) = inputs(form.modal)
    assert field["value"] == "a red fox"
    await room.bo.submit_modal(form, {"prompt": "a blue fox --seed 3"})
    assert room.request["prompt"] == "a blue fox"
    assert room.request["seed"] == 3
    assert room.request["sources"][0]["picture_id"] == f"{painted}.2"
    assert "**a blue fox**" in room.message.content


async def test_a_form_that_was_opened_before_a_restart_is_served_after_it(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    form = await room.bo.click(room.message, label="✏️ Remix")
    await room.restart()
    await room.bo.submit_modal(form, {"prompt": "a blue fox"})
    assert room.request["prompt"] == "a blue fox"
    assert len(room.messages) == 2


async def test_a_remix_of_a_deleted_picture_is_a_sentence(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    await room.ana.slash(room.channel, "delete", what=job_id)
    result = await room.press(f"c1:remix:{job_id}:1")
    assert "not here" in result.response.content
    assert len(room.jobs()) == 1


# ---- edit a region


async def test_edit_shows_the_lettered_cells_and_asks_for_words(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    shown = await room.bo.click(room.message, label="🖌 Edit")
    assert shown.response.ephemeral
    (overlay,) = shown.response.attachments
    assert (await overlay.read()).startswith(b"overlay of picture")
    assert "A1 to D4" in (overlay.description or "")
    form = await room.bo.select(shown.response.message, ["B2", "C3", "B3"])
    await room.bo.submit_modal(form, {"prompt": "a small boat"})
    assert room.request["operation"] == "edit"
    assert room.request["cells"] == ["B2", "B3", "C3"]
    assert room.request["prompt"] == "a small boat"
    assert room.request["sources"][0]["picture_id"] == f"{job_id}.1"
    assert "**a small boat**" in room.message.content


async def test_all_cells_fit_into_the_id_of_the_form(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    shown = await room.bo.click(room.message, label="🖌 Edit")
    everything = [column + row for column in "ABCD" for row in "1234"]
    form = await room.bo.select(shown.response.message, everything)
    assert len(form.modal["custom_id"]) <= 100
    await room.bo.submit_modal(form, {"prompt": "the sea"})
    assert len(room.request["cells"]) == 16


# ---- forged and foreign ids


@pytest.mark.parametrize(
    "custom_id",
    [
        "c1:explode:000000000000:1",
        "c1:vary:../../../etc:1",
        "c1:vary:000000000000:99",
        "c1:",
        "c1:" + "x" * 90,
    ],
)
async def test_a_forged_button_is_answered_with_a_sentence(room: Room, custom_id: str) -> None:
    result = await room.press(custom_id)
    assert result.response.content == chat.BUTTON_UNKNOWN
    assert result.response.ephemeral
    assert room.jobs() == []


async def test_a_button_of_a_job_that_does_not_exist_is_a_sentence(room: Room) -> None:
    result = await room.press("c1:vary:000000000000:1")
    assert "not here" in result.followups[0].content


async def test_a_button_of_another_server_finds_nothing(room: Room, painted: str) -> None:
    with room.ports.database.begin() as session:
        session.get_one(JobRow, painted).community = "12345"
    result = await room.bo.click(room.message, label="V1")
    assert "not here" in result.followups[0].content
    assert len(room.jobs()) == 1


def test_a_forms_fields_are_found_however_they_are_wrapped() -> None:
    labelled = [{"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a"}}]
    in_rows = [{"type": 1, "components": [{"type": 4, "custom_id": "prompt", "value": "b"}]}]
    assert list(fields(labelled)) == [("prompt", "a")]
    assert list(fields(in_rows)) == [("prompt", "b")]
    assert list(fields("nonsense")) == []
    assert list(fields([None, 3])) == []


def inputs(modal: Any) -> list[dict[str, Any]]:
    return [component["component"] for component in modal["components"]]
