"""Reactions and context menus on messages with pictures."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bots.discord.guilds.uploads import first_image
from bots.texts import jobs
from bots.texts.coded.bad_requests import BAD_REQUEST
from bots.texts.provenance.attribution import NOTHING
from studio.db.tables import DeliveryRow, StarRow
from studio.domain.jobs import JobState
from studio.errors import TooManyJobsError
from tests.support import discord_sim
from tests.support.discord_sim import PNG, Room, button_ids, gallery, words

room, painted = discord_sim.room, discord_sim.painted


def stars(room: Room) -> list[str]:
    with room.ports.database.read() as session:
        return [row.person_key.rpartition(":")[2] for row in session.query(StarRow)]


# ---- reactions


@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_a_number_varies_that_tile(room: Room, painted: str, number: int) -> None:
    await room.bo.react(room.message, f"{number}️⃣")
    assert room.request["operation"] == "vary"
    assert room.request["sources"][0]["picture_id"] == f"{painted}.{number}"
    assert len(room.messages) == 2
    assert f"<@{room.bo.id}>, from <@{room.ana.id}>’s red fox" in words(room.message)


async def test_the_job_of_a_reaction_ends_in_its_own_message(room: Room, painted: str) -> None:
    await room.bo.react(room.message, "🔁")
    await room.painted(room.newest_job())
    assert len(room.messages) == 2
    assert len(room.message.attachments) == 4


async def test_the_message_of_a_reaction_replies_to_the_one_it_came_from(room: Room, painted: str) -> None:
    result = room.message
    await room.bo.react(result, "2️⃣")
    assert room.message.reference is not None
    assert room.message.reference.message_id == result.id


async def test_in_a_community_that_wants_threads_results_stand_in_the_thread_of_their_source(
    room: Room, painted: str
) -> None:
    await room.mod.slash(room.channel, "community", setting="results", value="thread")
    source = room.message
    await room.bo.react(source, "2️⃣")
    room.env.inject_error("POST", "/channels/*/messages/*/threads", status=400, code=160004)  # it has one
    await room.bo.click(source, custom_id=f"c1:vary:{painted}:3")
    jobs = [job.id for job in room.jobs()[1:]]
    assert len(jobs) == 2
    for job_id in jobs:
        await room.painted(job_id)
    (thread,) = room.channel.threads
    assert thread.id == source.id
    results = [message for message in thread.history() if message.attachments]
    assert [len(message.attachments) for message in results] == [4, 4]
    shown = [
        message.id for message in room.messages if message.type is not discord.MessageType.thread_created
    ]
    assert shown == [source.id], "the acknowledgement of the button is gone"


async def test_where_no_thread_can_be_made_a_result_is_a_reply(room: Room, painted: str) -> None:
    await room.mod.slash(room.channel, "community", setting="results", value="thread")
    source = room.message
    room.env.inject_error("POST", "/channels/*/messages/*/threads", status=403, code=50013, times=None)
    await room.bo.react(source, "2️⃣")
    assert room.message.reference is not None
    assert room.message.reference.message_id == source.id


async def test_an_arrow_upscales_with_and_without_the_variation_mark(room: Room, painted: str) -> None:
    grid = room.message
    await room.bo.react(grid, "⬆️")
    await room.mod.react(grid, "⬆")
    assert [job.request["operation"] for job in room.jobs()[1:]] == ["upscale", "upscale"]


async def test_a_star_counts_and_taking_it_away_counts_too(room: Room, painted: str) -> None:
    grid = room.message
    await room.bo.react(grid, "⭐")
    await room.mod.react(grid, "⭐")
    assert sorted(stars(room)) == sorted([str(room.bo.id), str(room.mod.id)])
    await room.bo.unreact(grid, "⭐")
    assert stars(room) == [str(room.mod.id)]


async def test_a_star_given_by_button_is_not_taken_back_by_the_same_persons_reaction(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    message = room.message
    await room.press(f"c1:star:{job_id}:1")
    await room.bo.react(message, "⭐")
    assert stars(room) == [str(room.bo.id)]


async def test_a_cross_cancels_or_deletes_for_the_person_and_moderators_only(
    room: Room, painted: str
) -> None:
    grid = room.message
    await room.bo.react(grid, "❌")
    direct = room.bo.user.dm_channel.last_message
    assert "Only the person" in words(direct)
    await room.ana.react(grid, "❌")
    await room.changed(f"{painted}.1")
    assert words(room.message).endswith(jobs.ALL_DELETED)


async def test_a_moderators_cross_cancels_a_waiting_job(room: Room) -> None:
    await room.imagine()
    await room.mod.react(room.message, "❌")
    assert room.jobs()[0].state == JobState.CANCELLED


async def test_a_refusal_goes_into_direct_messages_and_not_into_the_channel(room: Room, painted: str) -> None:
    room.ports.gate.admit_error = TooManyJobsError(limit=3)  # type: ignore[attr-defined]
    await room.bo.react(room.message, "🔁")
    assert "3 jobs waiting" in words(room.bo.user.dm_channel.last_message)
    assert len(room.messages) == 1


async def test_two_quick_reactions_of_one_person_are_one_job(
    room: Room, painted: str, still: Callable[[str], None]
) -> None:
    still("bots.interactions.request_dedup")
    grid = room.message
    await room.bo.react(grid, "🔁")
    await room.bo.unreact(grid, "🔁")
    await room.bo.react(grid, "🔁")
    assert len(room.jobs()) == 2


async def test_reactions_of_bots_and_on_foreign_messages_mean_nothing(room: Room, painted: str) -> None:
    robot = room.guild.add_member(room.env.create_user("robot", bot=True))
    await robot.react(room.message, "🔁")
    foreign = await room.ana.send(room.channel, "look at this")
    await room.bo.react(foreign, "🔁")
    await room.bo.react(room.messages[0], "🎉")
    assert len(room.jobs()) == 1


async def test_a_number_without_a_tile_means_nothing(room: Room) -> None:
    job_id = await room.imagine(count=2)
    await room.painted(job_id)
    await room.bo.react(room.message, "4️⃣")
    assert len(room.jobs()) == 1
    assert len(room.messages) == 1


async def test_a_letter_sends_the_pictures_and_the_recipe_home(room: Room, painted: str) -> None:
    await room.bo.react(room.message, "✉️")
    letter = room.bo.user.dm_channel.last_message
    assert "a red fox" in words(letter)
    assert "**Guidance** 1" in words(letter)
    assert "DDIM" in words(letter)
    assert [await attachment.read() for attachment in letter.attachments] == [
        f"picture {painted} {number}".encode() for number in (1, 2, 3, 4)
    ]
    assert not button_ids(letter)
    assert len(room.jobs()) == 1


async def test_a_letter_for_a_job_without_pictures_is_not_sent(room: Room) -> None:
    await room.imagine()
    await room.bo.react(room.message, "✉️")
    assert room.bo.user.dm_channel.last_message is None


async def test_a_reaction_works_after_a_restart(room: Room, painted: str) -> None:
    message = room.message
    await room.restart()
    await room.bo.react(message, "2️⃣")
    assert room.request["sources"][0]["picture_id"] == f"{painted}.2"


async def react_at_home(room: Room, emoji: str) -> None:
    """Bo reacts to what lies in his direct messages; simcord plays reactions in servers only."""
    home, me = room.bo.user.dm_channel, room.bot.user
    assert me is not None
    data: Any = {"user_id": room.bo.id, "channel_id": home.id, "message_id": home.last_message.id}
    data |= {"emoji": {"name": emoji, "id": None}, "message_author_id": me.id, "burst": False, "type": 0}
    with room.env._bot_scope():
        room.bot._connection.parse_message_reaction_add(data)
    await room.env.settle()


async def test_a_reaction_in_direct_messages_acts_on_the_server_of_the_picture(
    room: Room, painted: str
) -> None:
    await room.bo.react(room.message, "✉️")
    await react_at_home(room, "3️⃣")
    varied = room.jobs()[-1]
    assert varied.community == str(room.guild.id)
    assert varied.request["sources"][0]["picture_id"] == f"{painted}.3"
    assert varied.address["channel"] == str(room.bo.user.dm_channel.id)


async def test_who_left_the_server_does_nothing_to_its_pictures_from_direct_messages(
    room: Room, painted: str
) -> None:
    await room.bo.react(room.message, "✉️")
    room.env.inject_error("GET", "/guilds/*/members/*", status=404, code=10007)
    await react_at_home(room, "3️⃣")
    assert len(room.jobs()) == 1


# ---- context menus


async def foreign_image(room: Room, data: bytes = PNG, name: str = "fox.png") -> Any:
    return await room.bo.send(room.channel, "my drawing", attachments=[(name, data)])


@pytest.mark.parametrize(("menu", "operation"), [("Vary", "vary"), ("Upscale", "upscale")])
async def test_a_menu_on_somebodys_image_takes_it_in(room: Room, menu: str, operation: str) -> None:
    message = await foreign_image(room)
    await room.ana.context_menu(room.channel, menu, message)
    assert room.request["operation"] == operation
    source = room.request["sources"][0]
    assert "picture_id" not in source
    assert room.ports.store.get(source["key"]) == PNG
    assert "Next in line" in words(room.message)


async def test_expand_on_somebodys_image_asks_in_a_form(room: Room) -> None:
    message = await foreign_image(room)
    shown = await room.ana.context_menu(room.channel, "Expand", message)
    form = await room.ana.click(shown.response.message, label="Expand")
    await room.ana.submit_modal(form, {"sides": ["left"]})
    assert room.request["operation"] == "expand"
    assert room.request["sides"] == ["left"]
    assert room.ports.store.get(room.request["sources"][0]["key"]) == PNG


async def test_edit_on_somebodys_image_asks_for_cells_and_words(room: Room) -> None:
    message = await foreign_image(room)
    shown = await room.ana.context_menu(room.channel, "Edit", message)
    assert await shown.response.attachments[0].read() == b"overlay of " + PNG
    form = await room.ana.click(shown.response.message, label="Edit")
    await room.ana.submit_modal(form, {"region": ["A1"], "prompt": "a small boat"})
    assert room.request["cells"] == ["A1"]
    assert room.ports.store.get(room.request["sources"][0]["key"]) == PNG


async def test_an_image_that_was_taken_in_before_a_restart_has_to_be_chosen_again(room: Room) -> None:
    message = await foreign_image(room)
    shown = await room.ana.context_menu(room.channel, "Edit", message)
    form = await room.ana.click(shown.response.message, label="Edit")
    await room.restart()
    result = await room.ana.submit_modal(form, {"region": ["A1"], "prompt": "a small boat"})
    assert BAD_REQUEST["upload_gone"] in words(result.response)
    assert room.jobs() == []


async def test_a_menu_on_a_painted_picture_uses_the_picture_itself(room: Room, painted: str) -> None:
    result = await room.bo.context_menu(room.channel, "Vary", room.message)
    assert "Which picture?" in words(result.response)
    assert button_ids(result.response.message)[2] == f"c1:vary:{painted}:3"


async def test_a_menu_on_a_single_picture_asks_no_further(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    shown = await room.bo.context_menu(room.channel, "Edit", room.message)
    assert len(gallery(shown.response.message)) == 1
    form = await room.bo.context_menu(room.channel, "Report", room.message)
    assert form.modal is not None
    await room.bo.context_menu(room.channel, "Vary", room.message)
    assert room.request["sources"][0]["picture_id"] == f"{job_id}.1"


async def test_a_menu_on_a_copy_knows_what_it_shows(room: Room, painted: str) -> None:
    """As of one in direct messages, where simcord plays no menus: no record names it, its file does."""
    with room.env._bot_scope():
        place = room.bot.get_partial_messageable(room.channel.id)
        copy = await place.send("a copy", file=discord.File(io.BytesIO(PNG), f"SPOILER_{painted}.png"))
    await room.env.settle()
    asked = await room.bo.context_menu(room.channel, "Who made this?", copy)
    answer = await room.bo.click(asked.response.message, label="2")
    assert f"<@{room.ana.id}>" in words(answer.response)
    asked = await room.bo.context_menu(room.channel, "Upscale", copy)
    assert button_ids(asked.response.message)[3] == f"c1:upscale:{painted}:4"


async def test_the_name_of_a_file_that_is_not_the_bots_own_says_nothing(room: Room, painted: str) -> None:
    message = await foreign_image(room, name=f"{painted}.png")
    result = await room.ana.context_menu(room.channel, "Report", message)
    assert BAD_REQUEST["not_from_here"] in words(result.response)


async def test_a_picture_that_somebody_forwards_is_an_image_too() -> None:
    attachment = SimpleNamespace(content_type="image/png", filename="fox.png")
    forward = SimpleNamespace(attachments=[], message_snapshots=[SimpleNamespace(attachments=[attachment])])
    assert first_image(cast("discord.Message", forward)) is cast("discord.Attachment", attachment)


async def test_a_menu_on_a_message_without_image_is_a_sentence(room: Room) -> None:
    message = await room.bo.send(room.channel, "only words")
    result = await room.ana.context_menu(room.channel, "Vary", message)
    assert BAD_REQUEST["no_image"] in words(result.response)
    reported = await room.ana.context_menu(room.channel, "Report", message)
    assert BAD_REQUEST["no_image"] in words(reported.response)


async def test_a_menu_on_a_broken_image_is_a_sentence(room: Room) -> None:
    message = await foreign_image(room, b"bad bytes")
    result = await room.ana.context_menu(room.channel, "Upscale", message)
    assert "not an image" in words(result.followups[0])
    assert room.jobs() == []


async def test_who_made_this_asks_which_picture_and_tells_of_the_person_and_the_family(
    room: Room, painted: str
) -> None:
    await room.bo.click(room.message, label="V2")
    child = room.newest_job()
    await room.painted(child)
    which = await room.mod.context_menu(room.channel, "Who made this?", room.message)
    assert button_ids(which.response.message)[1] == f"c1:who:{child}:2"
    result = await room.mod.click(which.response.message, label="2")
    assert result.response.ephemeral
    content = words(result.response)
    assert f"<@{room.bo.id}>" in content
    assert f"<@{room.ana.id}>" in content
    assert len(gallery(result.response.message)) == 1, "the drawn family"


async def test_who_made_this_knows_when_it_was_not_painted_here(room: Room) -> None:
    message = await foreign_image(room)
    result = await room.ana.context_menu(room.channel, "Who made this?", message)
    assert NOTHING in words(result.response)


async def test_a_reaction_that_is_quicker_than_the_records_is_followed(
    room: Room, painted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord shows a message, and tells of reactions to it, before its answer says which message it is."""
    message = room.message
    with room.ports.database.begin() as session:
        session.get_one(DeliveryRow, ("job", painted)).message = "on its way"

    async def pause(_seconds: float) -> None:
        with room.ports.database.begin() as session:
            session.get_one(DeliveryRow, ("job", painted)).message = str(message.id)

    monkeypatch.setattr("bots.queries.message_lookup.sleep", pause)
    monkeypatch.setattr("bots.discord.interactions.reactions.now", lambda: message.created_at)
    await room.bo.react(message, "🔁")
    assert len(room.jobs()) == 2
