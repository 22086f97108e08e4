"""Who acts on Discord and where: members, channels and permissions as the studio's words."""

from datetime import timedelta

import discord

from bots.discord.settings import DiscordSettings
from studio.clock import now
from studio.commands.spec import Call
from studio.people import Address, Person, Platform, Role
from studio.text import clean_text

TOKEN_LIFE = timedelta(minutes=15)


def community_of(guild_id: int | None, user_id: int) -> str:
    """A server, or one person's direct messages."""
    return str(guild_id) if guild_id else f"dm:{user_id}"


def call_of(
    interaction: discord.Interaction, settings: DiscordSettings, *, answer_id: int | None = None
) -> Call:
    """The interaction's id is the key: Discord and several processes may repeat it, one job comes of it.

    `answer_id` is the message with which the interaction was acknowledged. It is kept with the job, so that
    any process finds it at any time.
    """
    community = community_of(interaction.guild_id, interaction.user.id)
    moderates = interaction.guild_id is not None and (
        interaction.permissions.manage_guild or _has_role(interaction.user, settings)
    )
    address = Address(
        platform=Platform.DISCORD,
        community=community,
        channel=str(interaction.channel_id or 0),
        message=str(answer_id) if answer_id else None,
        token=interaction.token,
        token_expires_at=now() + TOKEN_LIFE,
    )
    person = person_of(interaction.user, community, moderates=moderates)
    return Call(person=person, address=address, request_key=f"discord:{interaction.id}")


def person_of(user: discord.abc.User, community: str, *, moderates: bool) -> Person:
    name = clean_text(user.display_name)[:100] or user.name
    roles = frozenset({Role.MEMBER, Role.MODERATOR} if moderates else {Role.MEMBER})
    return Person(
        platform=Platform.DISCORD,
        community=community,
        user_id=str(user.id),
        display_name=name,
        roles=roles,
    )


def moderates(member: discord.abc.User, settings: DiscordSettings) -> bool:
    """For members met outside an interaction, whose permissions come from the cached roles."""
    return isinstance(member, discord.Member) and (
        member.guild_permissions.manage_guild or _has_role(member, settings)
    )


def _has_role(user: discord.abc.User, settings: DiscordSettings) -> bool:
    roles = user.roles if isinstance(user, discord.Member) else []
    return any(
        str(role.id) in settings.moderator_roles or role.name in settings.moderator_roles for role in roles
    )
