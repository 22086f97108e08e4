"""The first words of the bot in a server."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from sqlalchemy import select

from bots.discord.guilds.greeting import greeting_places
from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind
from tests.support import discord_sim
from tests.support.discord_sim import Room, words

room = discord_sim.room
LINES = ("/imagine a red fox in the snow", "/community desk", "/community channels", "/help")


async def join(room: Room, guild: Any) -> None:
    """As when Discord says that the bot was added."""
    found = room.bot.get_guild(guild.id)
    assert found is not None
    with room.env._bot_scope():
        await room.bot.on_guild_join(found)
    await room.env.settle()


def system_channel(room: Room) -> Any:
    """A server's first channel, where Discord writes its own messages."""
    found = room.bot.get_guild(room.guild.id)
    assert found is not None
    found._system_channel_id = room.channel.id
    return found


def greetings(room: Room) -> list[DeliveryRow]:
    with room.ports.database.read() as session:
        return list(session.scalars(select(DeliveryRow).where(DeliveryRow.kind == DeliveryKind.GREETING)))


async def test_a_server_is_greeted_in_its_system_channel_once_for_all_time(room: Room) -> None:
    system_channel(room)
    await join(room, room.guild)
    assert all(line in words(room.message) for line in LINES)
    await join(room, room.guild)
    await room.restart()
    system_channel(room)
    await join(room, room.guild)
    assert len(room.messages) == 1


async def test_without_a_system_channel_its_owner_reads_the_greeting(room: Room) -> None:
    await join(room, room.guild)
    (row,) = greetings(room)
    assert (len(room.messages), bool(row.message)) == (0, True)
    assert row.channel != str(room.channel.id)


async def test_where_the_bot_may_not_write_the_person_who_added_it_reads_the_greeting(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = system_channel(room)
    monkeypatch.setattr("bots.discord.guilds.greeting.missing", lambda *_: ["Send Messages"])
    asked: list[int] = []

    async def open_dm(_client: discord.Client, user_id: str) -> Any:
        asked.append(int(user_id))
        raise discord.Forbidden(_Closed(), {"code": 50007, "message": "Cannot send messages to this user"})  # type: ignore[arg-type]

    monkeypatch.setattr("bots.discord.messages.transport.open_dm", open_dm)
    await join(room, room.guild)
    assert asked == [guild.owner_id], "without the right to read the audit log, the owner"
    assert room.messages == []
    assert greetings(room) == [], "so it comes another time"


async def test_where_the_audit_log_is_open_the_person_who_added_the_bot_is_found() -> None:
    async def entries(**_: object) -> AsyncIterator[Any]:
        for user_id, bot in ((1, 9), (2, 7), (3, 7)):
            yield SimpleNamespace(user_id=user_id, target=SimpleNamespace(id=bot))

    def guild(**rights: bool) -> Any:
        me = SimpleNamespace(id=7, guild_permissions=discord.Permissions(**rights))
        return SimpleNamespace(id=5, me=me, owner_id=4, system_channel=None, audit_logs=entries)

    for found, user_id in ((guild(view_audit_log=True), "2"), (guild(), "4")):
        (place,) = await greeting_places(found)
        assert place.person is not None
        assert place.person.user_id == user_id


class _Closed:
    status, reason = 403, "Forbidden"


async def test_a_server_is_greeted_in_its_own_language(room: Room) -> None:
    system_channel(room).preferred_locale = discord.Locale.german
    await join(room, room.guild)
    assert "Let’s paint together" not in words(room.message)
    assert "/community desk" in words(room.message)
