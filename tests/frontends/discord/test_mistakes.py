"""What is wrong with a command is said to its person alone: nobody else ever sees that something was coming."""

from pathlib import Path
from typing import Any

import discord
import pytest

from studio.db import settings
from studio.domain.people import Person, Platform
from studio.domain.settings.communities import CommunityRules
from studio.ports import InstanceLimits, Ports
from tests.support import discord_sim
from tests.support.discord_sim import PNG, Room, words
from tests.support.fakes import ruled

room = discord_sim.room
painted = discord_sim.painted

IMAGINE: dict[str, tuple[dict[str, object], str]] = {
    "an aspect beside width and height": ({"aspect": "3:2", "width": 512, "height": 512}, "not both"),
    "a size beside an aspect": ({"size": "512x512", "aspect": "3:2"}, "give a size alone"),
    "an unknown model": ({"model": "larg"}, "large"),
    "an unknown style": ({"style": "inc"}, "style"),
    "an unknown LoRA": ({"lora": "nothing"}, "nothing"),
    "more alternatives than pictures": (
        {"prompt": "a {red,green,blue,white} fox", "count": 3},
        "4 alternatives",
    ),
    "an unclosed brace": ({"prompt": "a {red,green fox"}, "{"),
}
ABOUT_A_PICTURE: dict[str, tuple[str, dict[str, object], str]] = {
    "sides beside an aspect": ("expand", {"sides": "left", "aspect": "16:9"}, "not both"),
    "an amount beside an aspect": ("expand", {"amount": 50, "aspect": "16:9"}, "not both"),
    "an unknown side": ("expand", {"sides": "inside"}, "must be some of"),
    "an edit without a region": ("edit", {"prompt": "a boat"}, "which part to change"),
    "an unclosed brace in an edit": ("edit", {"prompt": "a {boat", "region": "A1"}, "{"),
    "an unclosed brace in a remix": ("remix", {"prompt": "a {boat"}, "{"),
    "an unclosed brace in a variation": ("vary", {"prompt": "a {boat"}, "{"),
    "a blend of one picture": ("blend", {}, "give another"),
}


def require_private(room: Room, result: Any, says: str, *, messages: int = 0, jobs: int = 0) -> None:
    """One answer, for the person alone, and no acknowledgement before it that everybody sees."""
    first = [entry.json for entry in room.env.http_requests if entry.path.endswith("/callback")][-1]
    assert first["type"] == discord.InteractionResponseType.channel_message.value
    assert first["data"]["flags"] & discord.MessageFlags.ephemeral.flag
    assert not result.followups
    assert result.response.ephemeral
    assert says.lower() in words(result.response).lower()
    assert len(room.channel.history(viewer=room.mod)) == messages
    assert len(room.jobs()) == jobs


def allow_only(room: Room, channel: str) -> None:
    by = Person(platform=Platform.DISCORD, community=str(room.guild.id), user_id="1", display_name="")
    with room.ports.database.begin() as session:
        settings.save_community_rules(session, CommunityRules(channels=(channel,)), by=by)


@pytest.mark.parametrize("mistake", list(IMAGINE))
async def test_a_mistake_in_new_words_is_private(room: Room, mistake: str) -> None:
    options, says = IMAGINE[mistake]
    result = await room.ana.slash(room.channel, "imagine", **{"prompt": "a red fox", **options})
    require_private(room, result, says)


@pytest.mark.parametrize("mistake", list(ABOUT_A_PICTURE))
async def test_a_mistake_about_a_picture_is_private(room: Room, painted: str, mistake: str) -> None:
    command, options, says = ABOUT_A_PICTURE[mistake]
    result = await room.ana.slash(room.channel, command, picture=f"{painted}.1", **options)
    require_private(room, result, says, messages=1, jobs=1)


async def test_neither_a_picture_nor_an_image_is_private(room: Room) -> None:
    require_private(room, await room.ana.slash(room.channel, "upscale"), "the id of a picture")


async def test_a_picture_beside_an_attachment_is_told_before_the_attachment_is_received(
    room: Room, painted: str
) -> None:
    result = await room.ana.slash(room.channel, "vary", picture=f"{painted}.1", image=("fox.png", PNG))
    require_private(room, result, "not both", messages=1, jobs=1)


async def test_a_channel_that_is_not_allowed_is_private(room: Room) -> None:
    allow_only(room, "4711")
    require_private(room, await room.ana.slash(room.channel, "imagine", prompt="a red fox"), "<#4711>")


async def test_a_button_in_a_channel_that_is_not_allowed_is_private(room: Room, painted: str) -> None:
    allow_only(room, "4711")
    result = await room.bo.click(room.message, custom_id=f"c1:vary:{painted}:1")
    require_private(room, result, "<#4711>", messages=1, jobs=1)


async def test_a_menu_entry_in_a_channel_that_is_not_allowed_is_private(room: Room) -> None:
    message = await room.bo.send(room.channel, "look", attachments=[("fox.png", PNG)])
    allow_only(room, "4711")
    result = await room.ana.context_menu(room.channel, "Vary", message)
    require_private(room, result, "<#4711>", messages=1)


@pytest.mark.parametrize("words", [{"count": 3}, {"prompt": "a {red,green,blue} fox"}])
async def test_more_pictures_than_a_community_allows_are_refused_in_private(
    ports: Ports, tmp_path: Path, words: dict[str, object]
) -> None:
    few = ruled(ports, InstanceLimits(max_pictures=2))
    async with discord_sim.open_room(few, tmp_path) as room:
        result = await room.ana.slash(room.channel, "imagine", **{"prompt": "a red fox", **words})
        require_private(room, result, "at most 2 pictures")


@pytest.mark.parametrize("press", ["vary", "reroll", "upscale"])
async def test_a_picture_that_nobody_may_build_on_is_refused_in_private(room: Room, press: str) -> None:
    origin = await room.imagine()
    await room.painted(origin)
    if press == "reroll":
        await room.ana.slash(room.channel, "vary", picture=f"{origin}.1")
        origin = room.newest_job()
        await room.painted(origin)
    before, jobs = len(room.channel.history(viewer=room.mod)), len(room.jobs())
    await room.ana.slash(room.channel, "settings", remix="nobody")
    index = 0 if press == "reroll" else 1
    result = await room.press(f"c1:{press}:{origin}:{index}")
    require_private(room, result, "does not want others to build on it", messages=before, jobs=jobs)


async def test_ones_own_pictures_are_built_on_in_direct_messages(room: Room, painted: str) -> None:
    await room.ana.slash(room.channel, "settings", remix="nobody")
    await room.ana.user.slash("vary", picture=f"{painted}.1")
    assert room.request["sources"][0]["picture_id"] == f"{painted}.1"


async def test_the_words_of_a_form_are_checked_likewise(room: Room, painted: str) -> None:
    form = await room.bo.click(room.message, label="Remix")
    result = await room.bo.submit_modal(form, {"picture": f"{painted}.2", "prompt": "a {boat"})
    require_private(room, result, "{", messages=1, jobs=1)


async def test_a_mask_that_is_still_to_be_received_counts(room: Room, painted: str) -> None:
    edit = {"picture": f"{painted}.1", "prompt": "a boat", "mask": ("mask.png", PNG)}
    await room.ana.slash(room.channel, "edit", **edit)
    assert room.request["operation"] == "edit"
