"""What people settle for themselves on Discord, and what is known of them."""

from pathlib import Path
from typing import Any

import discord
import pytest

from bots.discord.guilds import permissions
from bots.texts import jobs
from moderation.policy.policy import default_policy, parse_policy
from studio.db import queries
from studio.db.tables import PersonRow
from studio.domain.events import PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import InstanceLimits, Ports
from tests.support import discord_sim
from tests.support.case_sim import with_gate
from tests.support.discord_sim import Room, open_room, words
from tests.support.fakes import ruled

room, painted = discord_sim.room, discord_sim.painted


async def test_finished_pictures_come_by_direct_message_too_where_that_is_wished(room: Room) -> None:
    settled = await room.ana.slash(room.channel, "settings", dm="yes")
    assert "**Your pictures by direct message, too** Yes" in words(settled.response)
    job_id = await room.imagine()
    await room.painted(job_id)
    await room.tell(PictureChanged(job_id=job_id, platform=Platform.DISCORD, picture_id=f"{job_id}.1"))
    (copy,) = room.ana.user.dm_channel.history()
    assert "**Guidance** 1" in words(copy)
    assert await copy.attachments[0].read() == f"picture {job_id} 1".encode()
    assert len(room.messages) == 1


async def test_linking_gives_a_code_to_the_person_alone(room: Room) -> None:
    result = await room.ana.slash(room.channel, "link")
    assert result.ephemeral
    assert "`/link " in words(result.response)


async def test_who_asks_is_known_with_their_roles_and_their_days(room: Room) -> None:
    await room.imagine(room.mod)
    stored = room.jobs()[0].person
    guild = room.bot.get_guild(room.guild.id)
    assert guild is not None
    assert stored["platform_roles"] == [str(role.id) for role in guild.roles if role.name == "Wardens"]
    assert {"account_created_at", "joined_at"} <= set(stored)


async def test_who_may_delete_everybodys_messages_moderates(room: Room) -> None:
    role = room.guild.create_role("Keepers", permissions=discord.Permissions(manage_messages=True))
    eve = room.guild.add_member(room.env.create_user("eve"), roles=[role])
    result = await eve.slash(room.channel, "cases")
    assert "No case is open." in words(result.response)


async def test_a_person_who_was_named_is_written_down(room: Room) -> None:
    await room.mod.slash(room.channel, "ban", person=room.bo)
    with room.ports.database.read() as session:
        assert session.get(PersonRow, f"discord:{room.guild.id}:{room.bo.id}") is not None


def test_the_invitation_asks_for_exactly_what_is_needed(ports: Ports) -> None:
    assert permissions.PERMISSIONS.value == 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 38
    assert "scope=bot+applications.commands" in permissions.invite_url(7)


async def test_credits_go_to_another_member_and_to_nobody_else(ports: Ports, tmp_path: Path) -> None:
    async with open_room(ruled(ports, InstanceLimits(monthly_credits=30)), tmp_path) as room:
        given = await room.ana.slash(room.channel, "credits", to=room.bo, amount=10)
        answer = words(given.response)
        assert answer.startswith(f"<@{room.bo.id}> (id `{room.bo.id}`, known since ")
        assert ") received 10 credits from you." in answer
        robot = room.guild.add_member(room.env.create_user("robot", bot=True))
        refused = await room.ana.slash(room.channel, "credits", to=robot, amount=1)
        assert "is a bot" in words(refused.response)
        refused = await room.ana.user.slash("credits", to=room.bo, amount=1)
        assert "in a server only" in words(refused.response)


async def test_who_wants_to_be_forgotten_is(room: Room, painted: str) -> None:
    result = await room.ana.slash(room.channel, "forget-me", confirm="yes")
    assert result.ephemeral
    assert "deleted for good: 4 pictures" in words(result.response)
    with room.ports.database.read() as session:
        assert queries.pictures_of_job(session, painted) == []
    await room.changed(f"{painted}.1")
    assert words(room.message).endswith(jobs.ALL_DELETED)


async def test_a_picture_built_on_a_forgotten_persons_names_nobody(room: Room, painted: str) -> None:
    await room.bo.slash(room.channel, "vary", picture=f"{painted}.2")
    await room.ana.slash(room.channel, "forget-me", confirm="yes")
    await room.painted(room.newest_job())
    assert f"<@{room.bo.id}>, from somebody’s" in words(room.message)
    assert str(room.ana.id) not in words(room.message)


@pytest.mark.parametrize("prompt", ["something violent", "something with a minor"])
async def test_an_age_restricted_channel_relaxes_nothing(ports: Ports, tmp_path: Path, prompt: str) -> None:
    async with open_room(with_gate(ports), tmp_path) as room:
        restricted = room.guild.create_text_channel("after-dark")
        known: Any = room.bot.get_channel(restricted.id)
        known.nsfw = True
        for who, channel in ((room.ana, room.channel), (room.bo, restricted)):
            refusal = await who.slash(channel, "imagine", prompt=prompt)
            assert "rules" in words(refusal.followups[0])
            assert channel.history(viewer=room.mod) == []
        assert [(row.state, row.refused_rule) for row in room.jobs()] == [(JobState.REFUSED, "wording")] * 2
        await room.mod.slash(restricted, "imagine", prompt="a red fox")
        assert known.is_nsfw()
        assert room.jobs()[-1].state != JobState.REFUSED


async def test_what_the_operator_allows_to_adults_stays_in_age_restricted_channels(
    ports: Ports, tmp_path: Path
) -> None:
    text = 'age_restricted = ["violence"]\n[categories.violence]\naction = "allow"'
    policy = parse_policy(text, over=default_policy())
    async with open_room(with_gate(ports, policy=policy), tmp_path) as room:
        restricted = room.guild.create_text_channel("after-dark")
        known: Any = room.bot.get_channel(restricted.id)
        known.nsfw = True
        await room.ana.slash(room.channel, "imagine", prompt="something violent")
        await room.bo.slash(restricted, "imagine", prompt="something violent")
        assert [(row.state == JobState.REFUSED, row.spoiler) for row in room.jobs()] == [
            (True, False),
            (False, True),
        ]
