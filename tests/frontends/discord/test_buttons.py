"""Buttons, menus of cells and forms: pressed by anybody, once or twice, before and after a restart."""

from collections.abc import Callable
from typing import Any

import discord
import pytest

from bots.texts.answers import UNDER_WAY
from bots.texts.coded.bad_requests import BAD_REQUEST
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.errors import TooManyJobsError
from studio.ports import RunnableModel
from tests.support import discord_sim
from tests.support.discord_sim import PNG, Room, button_ids, gallery, words

room, painted = discord_sim.room, discord_sim.painted


# ---- buttons that start a job


@pytest.mark.parametrize(
    ("button", "operation"),
    [("vary:{}:3", "vary"), ("upscale:{}:3", "upscale"), ("subtle:{}:3", "vary")],
)
async def test_a_tile_button_starts_a_job_from_that_tile(
    room: Room, painted: str, button: str, operation: str
) -> None:
    await room.press("c1:" + button.format(painted))
    assert room.request["operation"] == operation
    assert room.request["sources"][0]["picture_id"] == f"{painted}.3"
    assert f"from <@{room.ana.id}>’s red fox" in words(room.message)
    assert len(room.messages) == 2


async def test_reroll_paints_the_same_words_with_another_seed(room: Room, painted: str) -> None:
    await room.bo.click(room.message, custom_id=f"c1:reroll:{painted}:0")
    assert room.request["prompt"] == "a red fox"
    assert room.request["seed"] != 7
    assert room.jobs()[-1].person_key == f"discord:{room.guild.id}:{room.bo.id}"


async def test_a_button_works_after_a_restart(room: Room, painted: str) -> None:
    message = room.message
    await room.restart()
    await room.bo.click(message, label="V2")
    assert room.request["sources"][0]["picture_id"] == f"{painted}.2"
    assert "Next in line" in words(room.message)


async def test_two_people_on_one_button_start_two_jobs(room: Room, painted: str) -> None:
    grid = room.message
    await room.bo.click(grid, label="V1")
    await room.ana.click(grid, label="V1")
    assert len(room.jobs()) == 3


async def test_a_double_click_is_one_job_and_one_message(
    room: Room, painted: str, still: Callable[[str], None]
) -> None:
    still("bots.interactions.request_dedup")
    grid = room.message
    await room.bo.click(grid, label="V1")
    again = await room.bo.click(grid, label="V1")
    assert len(room.jobs()) == 2
    assert len(room.messages) == 2
    assert words(again.followups[0]) == UNDER_WAY
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
    assert "3 jobs waiting" in words(result.followups[0])
    assert result.followups[0].ephemeral
    assert len(room.messages) == 1


# ---- cancel


async def test_cancel_is_for_the_person_and_for_moderators(room: Room) -> None:
    await room.imagine()
    message = room.message
    result = await room.bo.click(message, label="Cancel")
    assert "Only the person" in words(result.response)
    assert room.jobs()[0].state != JobState.CANCELLED
    result = await room.mod.click(message, label="Cancel")
    assert words(result.response) == "Cancelled."
    assert room.jobs()[0].state == JobState.CANCELLED


async def test_a_second_cancel_is_a_sentence(room: Room) -> None:
    job_id = await room.imagine()
    await room.ana.click(room.message, label="Cancel")
    result = await room.press(f"c1:cancel:{job_id}:0", room.ana)
    assert "over already" in words(result.response)


# ---- stars


async def panel(room: Room, label: str = "More") -> Any:
    """What the More button of a single picture shows to Bo."""
    return await room.bo.click(room.message, label=label)


async def test_a_star_is_given_and_taken_back(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    more = await panel(room)
    result = await room.bo.click(more.response.message, label="⭐ Star")
    assert "Starred" in words(result.response)
    await room.changed(f"{job_id}.1")
    assert "⭐ 1" in words(room.message)
    result = await room.bo.click(more.response.message, label="⭐ Star")
    assert "taken back" in words(result.response)
    await room.changed(f"{job_id}.1")
    assert "⭐" not in words(room.message)


# ---- more than the buttons of a message


async def test_more_is_a_private_panel_for_one_picture(room: Room, painted: str) -> None:
    which = await room.bo.click(room.message, label="More")
    assert which.response.ephemeral
    assert button_ids(which.response.message) == [f"c1:more:{painted}:{index}" for index in (1, 2, 3, 4)]
    more = await room.bo.click(which.response.message, label="2")
    assert more.response.ephemeral
    assert f"`{painted}.2`" in words(more.response)
    actions = [custom_id.split(":")[1] for custom_id in button_ids(more.response.message)]
    assert {"subtle", "vary", "expand", "star", "report", "send"} <= set(actions)
    assert "delete" not in actions, "that is for the owner"


async def test_the_owner_deletes_a_picture_after_a_question(room: Room, painted: str) -> None:
    which = await room.ana.click(room.message, label="More")
    more = await room.ana.click(which.response.message, label="2")
    asked = await room.ana.click(more.response.message, label="Delete")
    assert asked.response.ephemeral
    assert len((await room.ana.slash(room.channel, "show", job=painted)).response.attachments) == 4
    await room.ana.click(asked.response.message, custom_id=f"c1:delete:{painted}:2")
    await room.changed(f"{painted}.2")
    assert [attachment.filename for attachment in room.message.attachments] == [
        f"{painted}.{number}.png" for number in (1, 3, 4)
    ]


async def test_send_to_me_brings_the_pictures_and_their_recipe_home(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    more = await panel(room)
    sent = await room.bo.click(more.response.message, label="Send to me")
    assert "direct messages" in words(sent.response)
    copy = room.bo.user.dm_channel.last_message
    assert len(gallery(copy)) == 1
    assert "Guidance" in words(copy)
    assert not button_ids(copy)


async def test_a_person_who_takes_no_direct_messages_is_told(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    more = await panel(room)
    room.env.inject_error("POST", "/channels/*/messages", status=403, code=50007)
    sent = await room.bo.click(more.response.message, label="Send to me")
    assert "You cannot be sent direct messages" in words(sent.response)


# ---- forms


async def test_remix_asks_for_the_picture_and_its_words_in_one_form(room: Room, painted: str) -> None:
    form = await room.bo.click(room.message, label="Remix")
    fields = controls(form.modal)
    assert fields["prompt"]["value"] == "a red fox"
    assert [option["value"] for option in fields["picture"]["options"]] == [
        f"{painted}.{index}" for index in (1, 2, 3, 4)
    ]
    await room.bo.submit_modal(form, {"picture": f"{painted}.2", "prompt": "a blue fox --seed 3"})
    assert room.request["prompt"] == "a blue fox"
    assert room.request["seed"] == 3
    assert room.request["sources"][0]["picture_id"] == f"{painted}.2"
    assert "**a blue fox**" in words(room.message)


async def test_a_form_that_was_opened_before_a_restart_is_served_after_it(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    form = await room.bo.click(room.message, label="Remix")
    await room.restart()
    await room.bo.submit_modal(form, {"prompt": "a blue fox"})
    assert room.request["prompt"] == "a blue fox"
    assert len(room.messages) == 2


async def test_a_mistake_in_a_form_is_told_before_anybody_sees_that_something_is_coming(
    room: Room,
) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    form = await room.bo.click(room.message, label="Remix")
    result = await room.bo.submit_modal(form, {"prompt": "a blue fox --sed 3"})
    assert not result.deferred
    assert result.response.ephemeral
    assert "--seed" in words(result.response)
    assert len(room.jobs()) == 1


async def test_a_remix_of_a_deleted_picture_is_a_sentence(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    await room.ana.slash(room.channel, "delete", what=job_id)
    result = await room.press(f"c1:remix:{job_id}:1")
    assert "was not found" in words(result.response)
    assert len(room.jobs()) == 1


async def test_expand_asks_for_sides_amount_aspect_and_words(room: Room, painted: str) -> None:
    form = await room.press(f"c1:expand:{painted}:3")
    assert set(controls(form.modal)) == {"sides", "amount", "aspect", "prompt"}
    await room.bo.submit_modal(form, {"sides": ["left", "right"], "amount": "30", "prompt": "the sea"})
    assert room.request["operation"] == "expand"
    assert (room.request["sides"], room.request["amount_percent"]) == (["left", "right"], 30)
    assert room.request["sources"][0]["picture_id"] == f"{painted}.3"


async def test_a_form_that_is_too_long_for_several_pictures_asks_first_which_is_meant(
    room: Room, painted: str
) -> None:
    which = await room.press(f"c1:expand:{painted}:0")
    assert button_ids(which.response.message) == [f"c1:expand:{painted}:{index}" for index in (1, 2, 3, 4)]


async def test_blend_takes_other_pictures_and_uploads(room: Room, painted: str) -> None:
    form = await room.press(f"c1:blend:{painted}:1")
    await room.bo.submit_modal(
        form, {"pictures": f"{painted}.2", "images": [("cat.png", PNG)], "prompt": "a fox with a cat"}
    )
    sources = room.request["sources"]
    assert [source.get("picture_id") for source in sources] == [f"{painted}.1", f"{painted}.2", None]
    assert room.ports.store.get(sources[2]["key"]) == PNG


async def test_settings_are_a_form_of_two_steps_each_kept_at_once(room: Room) -> None:
    shown = await room.bo.slash(room.channel, "settings")
    first = await room.bo.click(shown.response.message, custom_id="c1:settings:000000000000:0")
    assert len(first.modal["components"]) == 5
    saved = await room.bo.submit_modal(
        first, {"remix": "nobody", "dm": "no", "built_on": "off", "language": "automatic", "count": "2"}
    )
    assert saved.response.ephemeral
    assert "**How many pictures** 2" in words(saved.response)
    second = await room.bo.click(saved.response.message, label="More settings")
    assert "model" in controls(second.modal)
    saved = await room.bo.submit_modal(second, {"aspect": "3:2", "model": "large", "style": "sketch"})
    assert "**Model** large" in words(saved.response)
    assert "**How many pictures** 2" in words(saved.response)


# ---- edit a region


async def open_edit(room: Room) -> Any:
    """The form behind the lettered grid of a single picture."""
    shown = await room.bo.click(room.message, label="Edit")
    return shown, await room.bo.click(shown.response.message, label="Edit")


async def test_edit_shows_the_lettered_cells_and_asks_for_words(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    shown, form = await open_edit(room)
    assert shown.response.ephemeral
    (overlay,) = shown.response.attachments
    assert (await overlay.read()).startswith(b"overlay of picture")
    assert "A1 to D4" in gallery(shown.response.message)[0]["description"]
    await room.bo.submit_modal(form, {"region": ["B2", "C3", "B3"], "prompt": "a small boat"})
    assert room.request["operation"] == "edit"
    assert room.request["cells"] == ["B2", "B3", "C3"]
    assert room.request["prompt"] == "a small boat"
    assert room.request["sources"][0]["picture_id"] == f"{job_id}.1"
    assert "**a small boat**" in words(room.message)


async def test_a_model_that_edits_by_words_asks_for_words_first_and_needs_no_cells(room: Room) -> None:
    room.ports.options.known_models = (RunnableModel(name="thimble", edits_by_words=True),)
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    _, form = await open_edit(room)
    names = [part["component"]["custom_id"] for part in form.modal["components"] if "component" in part]
    assert names == ["prompt", "region", "mask"]
    await room.bo.submit_modal(form, {"prompt": "make it winter"})
    assert (room.request["operation"], room.request["cells"]) == ("edit", [])
    assert "**make it winter**" in words(room.message)


async def test_a_mask_may_be_uploaded_in_the_form(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    _, form = await open_edit(room)
    await room.bo.submit_modal(form, {"mask": [("mask.png", PNG)], "prompt": "a small boat"})
    assert room.request["operation"] == "edit"
    assert room.ports.store.get(room.request["sources"][0]["mask_key"]) == PNG


async def test_edit_of_several_pictures_asks_which_is_meant(room: Room, painted: str) -> None:
    which = await room.bo.click(room.message, label="Edit")
    assert button_ids(which.response.message) == [f"c1:edit:{painted}:{index}" for index in (1, 2, 3, 4)]
    shown = await room.bo.click(which.response.message, label="3")
    form = await room.bo.click(shown.response.message, label="Edit")
    assert form.modal["custom_id"] == f"c1m:edit:{painted}.3"


async def test_all_cells_can_be_chosen(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    _, form = await open_edit(room)
    everything = [column + row for column in "ABCD" for row in "1234"]
    await room.bo.submit_modal(form, {"region": everything, "prompt": "the sea"})
    assert len(room.request["cells"]) == 16


async def test_a_menu_of_cells_of_an_earlier_version_opens_the_form_with_them(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    view = discord.ui.View(timeout=None)
    cells = [discord.SelectOption(label=cell, value=cell) for cell in ("A1", "B2", "C3")]
    view.add_item(discord.ui.Select(custom_id=f"c1s:{job_id}.1", max_values=3, options=cells))
    view.stop()
    with room.env._bot_scope():
        message = await room.bot.get_partial_messageable(room.channel.id).send("cells", view=view)
    await room.env.settle()
    form = await room.bo.select(message, ["A1", "C3"])
    chosen = [
        option["value"] for option in controls(form.modal)["region"]["options"] if option.get("default")
    ]
    assert chosen == ["A1", "C3"]
    await room.bo.submit_modal(form, {"region": ["A1", "C3"], "prompt": "the sea"})
    assert room.request["cells"] == ["A1", "C3"]


async def test_a_defect_behind_a_button_is_a_sentence_with_a_number(
    room: Room, painted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("bots.interactions.step_runner.load_form", broken)
    result = await room.press(f"c1:remix:{painted}:1")
    assert result.response.ephemeral
    assert "Fault" in words(result.response)
    assert "secret detail" not in words(result.response)


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
    assert BAD_REQUEST["button_unknown"] in words(result.response)
    assert result.response.ephemeral
    assert room.jobs() == []


async def test_a_button_of_a_job_that_does_not_exist_is_a_sentence(room: Room) -> None:
    result = await room.press("c1:vary:000000000000:1")
    assert "was not found" in words(result.followups[0])


async def test_a_button_of_another_server_finds_nothing(room: Room, painted: str) -> None:
    with room.ports.database.begin() as session:
        session.get_one(JobRow, painted).community = "12345"
    result = await room.bo.click(room.message, label="V1")
    assert "was not found" in words(result.followups[0])
    assert len(room.jobs()) == 1


def controls(modal: Any) -> dict[str, dict[str, Any]]:
    """The fields of a modal by their names."""
    found = [component["component"] for component in modal["components"] if "component" in component]
    return {control["custom_id"]: control for control in found}
