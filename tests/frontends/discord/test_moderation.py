"""The moderators' commands, reports and appeals on Discord."""

from pathlib import Path
from typing import Any

import discord
import pytest

from studio.clock import now
from studio.domain.cases import CaseKind
from studio.domain.verdicts import Ruling, Verdict
from tests.support import discord_cases, discord_sim
from tests.support.discord_cases import case_of, changed, facts, held_prompt
from tests.support.discord_sim import Room, button_ids, words

desk = discord_cases.desk


room, painted = discord_sim.room, discord_sim.painted

REFUSE = Verdict(ruling=Ruling.REFUSE, rule="meaning", category="gore")


async def test_naming_a_desk_lays_the_open_cases_there(room: Room) -> None:
    await held_prompt(room)
    channel = room.guild.create_text_channel("desk")
    result = await room.mod.slash(room.channel, "community", setting="desk", value=f"<#{channel.id}>")
    assert f"<#{channel.id}>" in words(result.response)
    assert len(channel.history()) == 1


async def test_a_desk_that_everybody_can_read_is_said(room: Room) -> None:
    hidden = {
        room.guild.default_role: discord.PermissionOverwrite(view_channel=False),
        room.bot.user: discord.PermissionOverwrite(view_channel=True),
    }
    for name, overwrites in (("open", {}), ("hidden", hidden)):
        channel = room.guild.create_text_channel(name, overwrites=overwrites)
        result = await room.mod.slash(room.channel, "community", setting="desk", value=f"<#{channel.id}>")
        assert ("Everybody here can read" in words(result.response)) is (name == "open")


@pytest.mark.parametrize("value", ["4711", "moderators"])
async def test_a_desk_outside_the_server_is_not_taken(room: Room, value: str) -> None:
    result = await room.mod.slash(room.channel, "community", setting="desk", value=value)
    assert f"I see no channel {value}" in words(result.response)
    result = await room.mod.slash(room.channel, "community")
    assert value not in words(result.response)


@pytest.mark.parametrize("setting", ["desk", "log", "stars"])
async def test_a_place_that_takes_no_messages_is_not_taken(room: Room, setting: str) -> None:
    forum = room.guild.create_forum_channel("ideas")
    result = await room.mod.slash(room.channel, "community", setting=setting, value=f"<#{forum.id}>")
    assert "Name a text channel" in words(result.response)
    shown = await room.mod.slash(room.channel, "community")
    assert str(forum.id) not in words(shown.response)


async def test_members_do_not_govern_and_are_not_shown_the_commands(room: Room, tmp_path: Path) -> None:
    commands = {command.name: command.to_dict(room.bot.tree) for command in room.bot.tree.get_commands()}
    manage_messages, manage_guild = 1 << 13, 1 << 5
    for name in ("cases", "review", "ban", "unban"):
        assert commands[name]["default_member_permissions"] == manage_messages
    assert commands["community"]["default_member_permissions"] == manage_guild
    for name in ("cases", "review", "ban", "unban", "community"):
        assert commands[name]["contexts"] == [0], "in servers only"
    assert "community" not in room.ana.available_commands(room.channel)
    assert "community" in room.mod.available_commands(room.channel)


async def test_a_member_is_banned_and_let_back(room: Room) -> None:
    result = await room.mod.slash(room.channel, "ban", person=room.bo, duration="7d", reason="kept probing")
    expected = f"<@{room.bo.id}> (id `{room.bo.id}`, known since {now():%Y-%m-%d}) cannot paint here until"
    assert expected in words(result.response)
    key = f"discord:{room.guild.id}:{room.bo.id}"
    assert room.ports.desk.told[-1][::2] == ("ban", key)  # type: ignore[attr-defined]
    result = await room.mod.slash(room.channel, "unban", person=room.bo)
    assert words(result.response).endswith(") may paint here again.")


async def test_review_takes_the_next_case_and_decides_it(room: Room) -> None:
    case_id = await held_prompt(room)
    taken = await room.mod.slash(room.channel, "review")
    assert "**Held for a moderator**" in words(taken.response)
    suggested = await room.mod.autocomplete(room.channel, "review", "case", "")
    assert [choice["value"] for choice in suggested] == [case_id]
    done = await room.mod.slash(room.channel, "review", case=case_id, decision="approve")
    assert words(done.response) == "Approved."


async def test_a_report_by_the_menu_asks_which_picture_and_what_is_wrong(
    room: Room, painted: str, desk: Any
) -> None:
    which = await room.bo.context_menu(room.channel, "Report", room.message)
    result = await room.bo.submit_modal(
        which, {"picture": f"{painted}.2", "topic": "other", "reason": "shows a private person"}
    )
    assert "Thank you" in words(result.response)
    assert result.response.ephemeral
    row = case_of(room)
    assert (row.kind, row.picture_id, row.words) == (
        CaseKind.REPORT,
        f"{painted}.2",
        "shows a private person",
    )
    await changed(room)
    assert facts(desk.history()[0])["Filed by"] == f"<@{room.bo.id}>"


async def test_a_flag_reports_once(room: Room, painted: str) -> None:
    grid = room.message
    await room.bo.react(grid, "🚩")
    assert "moderators will look" in words(room.bo.user.dm_channel.last_message)
    await room.bo.unreact(grid, "🚩")
    await room.bo.react(grid, "🚩")
    assert "already" in words(room.bo.user.dm_channel.last_message)
    assert case_of(room).picture_id == f"{painted}.1"


async def test_a_refused_prompt_has_an_appeal_which_is_filed_once(room: Room) -> None:
    room.ports.gate.verdict = REFUSE  # type: ignore[attr-defined]
    refusal = await room.ana.slash(room.channel, "imagine", prompt="something doubtful")
    (shown,) = refusal.followups
    assert "gore" in words(shown)
    job_id = room.newest_job()
    assert button_ids(shown.message) == [f"c1:appeal:{job_id}:0"]
    form = await room.ana.click(shown.message, label="Appeal")
    result = await room.ana.submit_modal(form, {"reason": "it is from a textbook"})
    assert "A moderator will look at it again" in words(result.response)
    assert case_of(room).words == "it is from a textbook"
    form = await room.ana.click(shown.message, label="Appeal")
    result = await room.ana.submit_modal(form, {})
    assert "already" in words(result.response)


async def test_what_is_refused_for_good_has_no_appeal(room: Room) -> None:
    room.ports.gate.verdict = Verdict(  # type: ignore[attr-defined]
        ruling=Ruling.REFUSE, rule="core", category="minors", appealable=False
    )
    refusal = await room.ana.slash(room.channel, "imagine", prompt="something bad")
    assert button_ids(refusal.followups[0].message) == []


async def test_only_the_owner_appeals(room: Room) -> None:
    room.ports.gate.verdict = REFUSE  # type: ignore[attr-defined]
    await room.ana.slash(room.channel, "imagine", prompt="something doubtful")
    form = await room.press(f"c1:appeal:{room.newest_job()}:0", room.bo)
    result = await room.bo.submit_modal(form, {})
    assert "Only the person" in words(result.response)
