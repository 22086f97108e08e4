"""Where pictures are painted on Discord, and what is said elsewhere."""

from dataclasses import replace

import discord
import pytest
from sqlalchemy import select

from bots.delivery.errors import ChannelClosedError
from bots.delivery.transport import Place
from bots.discord.guilds.dm_context import DiscordStepRunner
from bots.presentation.interaction_router import Run
from studio.commands.spec import Call
from studio.db.tables import LedgerRow
from studio.domain.people import Address, Platform
from studio.errors import BadParameterError
from tests.support import discord_sim
from tests.support.discord_sim import Room, words
from tests.support.fakes import someone
from tests.support.sentences import raises

room = discord_sim.room


async def test_who_asks_elsewhere_is_told_where_pictures_are_painted(room: Room) -> None:
    other = room.guild.create_text_channel("studio")
    result = await room.mod.slash(room.channel, "community", setting="channels", value=f"<#{other.id}>")
    assert f"**Channels** <#{other.id}>" in words(result.response)  # type: ignore[union-attr]
    refusal = await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    assert f"<#{other.id}>" in words(refusal.response)
    await room.ana.slash(other, "imagine", prompt="a red fox")
    assert len(room.jobs()) == 1


async def test_threads_and_posts_of_a_channel_where_pictures_are_painted_are_such_places_too(
    room: Room,
) -> None:
    forum = room.guild.create_forum_channel("ideas")
    await room.mod.slash(
        room.channel, "community", setting="channels", value=f"<#{room.channel.id}> <#{forum.id}>"
    )
    await room.mod.slash(room.channel, "community", setting="pool", value=f"<#{forum.id}> 500")
    with room.env._bot_scope():
        place = room.bot.get_channel(room.channel.id)
        assert isinstance(place, discord.TextChannel)
        await place.create_thread(name="foxes", type=discord.ChannelType.public_thread)
        ideas = room.bot.get_channel(forum.id)
        assert isinstance(ideas, discord.ForumChannel)
        await ideas.create_thread(name="owls", content="owls, please")
    await room.env.settle()
    thread, post = room.channel.threads[0], forum.threads[0]
    other = room.guild.create_text_channel("talk")
    refusal = await room.ana.slash(other, "imagine", prompt="a red fox")
    assert "made in other channels" in words(refusal.response)
    await room.ana.slash(thread, "imagine", prompt="a red fox")
    await room.ana.slash(post, "imagine", prompt="an owl")
    first, second = room.jobs()
    assert (first.address["channel"], first.address["parent"]) == (str(thread.id), str(room.channel.id))
    with room.ports.database.read() as session:
        reserved = select(LedgerRow.account).where(LedgerRow.entry_key.like(f"{second.id}:reserve%"))
        drawn = session.scalars(reserved).all()
    assert [account.endswith(f":{forum.id}") for account in drawn] == [True]


async def test_a_paused_studio_says_so(room: Room) -> None:
    result = await room.mod.slash(room.channel, "community", setting="pause")
    assert "Paused" in words(result.response)  # type: ignore[union-attr]
    refusal = await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    assert "paused" in words(refusal.response)


async def test_what_was_painted_in_a_hidden_channel_is_not_at_hand_in_others(room: Room) -> None:
    hidden, shown = (
        discord.PermissionOverwrite(view_channel=False),
        discord.PermissionOverwrite(view_channel=True),
    )
    cellar = room.guild.create_text_channel(
        "cellar",
        overwrites={
            room.guild.default_role: hidden,
            room.ana.user: shown,
            room.bot.user: shown,  # type: ignore[dict-item]
        },
    )
    await room.ana.slash(cellar, "imagine", prompt="a red fox")
    job_id = room.newest_job()
    await room.painted(job_id)
    assert room.jobs()[-1].address["private"] is True
    refusal = await room.bo.slash(room.channel, "vary", picture=f"{job_id}.1")
    assert "was not found" in words(refusal.followups[0])
    await room.imagine(room.bo)
    assert room.jobs()[-1].address["private"] is False


async def test_a_theme_opens_in_a_channel_of_this_server_alone(room: Room) -> None:
    other = room.env.create_guild().create_text_channel("theirs")
    elsewhere = await room.mod.slash(
        room.channel, "theme", theme="Rain", every="day", channel=f"<#{other.id}>"
    )
    assert f"I see no channel {other.id}" in words(elsewhere.response)
    run = Run(command="theme", values={"theme": "Rain", "every": "day", "channel": str(other.id)})
    person = replace(someone("mo", moderator=True, community=str(room.guild.id)), platform=Platform.DISCORD)
    address = Address(platform=Platform.DISCORD, community=str(room.guild.id), channel=str(room.channel.id))
    runner = DiscordStepRunner(room.bot.context, room.bot.delivery)
    with raises(BadParameterError, match="I see no channel"):
        await runner.run(run, Call(person=person, address=address, request_key="theme"))
    mute = discord.PermissionOverwrite(view_channel=True, send_messages=False)
    quiet = room.guild.create_text_channel("quiet", overwrites={room.bot.user: mute})  # type: ignore[dict-item]
    refused = await room.mod.slash(room.channel, "theme", theme="Rain", every="day", channel=f"<#{quiet.id}>")
    assert "Send Messages" in words(refused.response)
    assert other.history() == quiet.history() == []
    own = room.guild.create_text_channel("contests")
    await room.mod.slash(room.channel, "theme", theme="Rain", every="day", channel=f"<#{own.id}>")
    await room.act()
    assert own.history()


async def test_nothing_is_sent_into_a_channel_of_another_server(room: Room) -> None:
    other = room.env.create_guild().create_text_channel("theirs")
    transport = room.bot.transport
    place = Place(community=str(room.guild.id), channel=str(other.id))
    with pytest.raises(ChannelClosedError):
        await transport._channel_of(place)
    assert await transport._channel_of(replace(place, channel=str(room.channel.id)))
