"""Who reads the greeting of a server: everybody in its system channel, else the person who added the bot."""

from collections.abc import Iterator

import discord

from bots.delivery.transport import Place
from bots.discord.guilds.permissions import missing
from studio.domain.people import Person, Platform

_LATEST_ENTRIES = 20


async def greeting_places(guild: discord.Guild) -> list[Place]:
    """In the order in which they are tried. Raises as Discord does."""
    places = list(_system_channel(guild))
    if not places:
        user_id = await _inviter(guild) or guild.owner_id
        places = [Place(community=str(guild.id), person=_person(guild, user_id))] if user_id else []
    return places


def _system_channel(guild: discord.Guild) -> Iterator[Place]:
    channel = guild.system_channel
    if channel is not None and not missing(channel, guild.me):
        yield Place(community=str(guild.id), channel=str(channel.id))


async def _inviter(guild: discord.Guild) -> int | None:
    """By the audit log, which the bot reads only where it was allowed to."""
    if not guild.me.guild_permissions.view_audit_log:
        return None
    action = discord.AuditLogAction.bot_add
    async for entry in guild.audit_logs(action=action, limit=_LATEST_ENTRIES):
        if entry.target is not None and entry.target.id == guild.me.id:
            return entry.user_id
    return None


def _person(guild: discord.Guild, user_id: int) -> Person:
    return Person(
        platform=Platform.DISCORD, community=str(guild.id), user_id=str(user_id), display_name=str(user_id)
    )
