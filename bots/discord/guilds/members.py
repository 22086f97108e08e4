"""Who acts on Discord and where: members, channels and permissions as the studio's words."""

from datetime import timedelta

import discord

from bots.discord.settings import DiscordSettings
from studio.clock import now
from studio.commands.spec import Call
from studio.db.database import Database
from studio.db.identities.people import lock_person
from studio.domain.people import DIRECT_MESSAGES, Address, Person, Platform, Role
from studio.parsing.text_cleaning import clean_text

TOKEN_LIFE = timedelta(minutes=15)
# Unknown member, unknown user: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json.
_NOT_A_MEMBER = (10007, 10013)


def is_foreign(interaction: discord.Interaction) -> bool:
    """In a server which did not add the app: a person brought it along."""
    guild_id = interaction.guild_id
    if guild_id is None or interaction.is_guild_integration():
        return False
    return interaction.is_user_integration() or interaction.client.get_guild(guild_id) is None


def is_by_token(interaction: discord.Interaction) -> bool:
    """Whether the bot is not there itself: in a foreign server, a group, or between two other people."""
    return is_foreign(interaction) or interaction.context.private_channel


def may_show(interaction: discord.Interaction) -> bool:
    """Whether others may see the app's answers. In a foreign server its rules for external apps say so."""
    return not is_foreign(interaction) or interaction.permissions.use_external_apps


def community_at(interaction: discord.Interaction) -> str:
    """The server that added the app; elsewhere everybody is a community of their own."""
    return community_of(None if is_foreign(interaction) else interaction.guild_id, interaction.user.id)


def community_of(guild_id: int | None, user_id: int) -> str:
    """A server, or one person's direct messages."""
    return str(guild_id) if guild_id else f"{DIRECT_MESSAGES}{user_id}"


def call_of(
    interaction: discord.Interaction, settings: DiscordSettings, *, answer_id: int | None = None
) -> Call:
    """The interaction's id is the key: Discord and several processes may repeat it, one job comes of it.

    `answer_id` is the message with which the interaction was acknowledged. It is kept with the job, so that
    any process finds it at any time. What a foreign server says of the person, or of its channel, counts for nothing.
    """
    community, by_token = community_at(interaction), is_by_token(interaction)
    manages = community.isdecimal() and (
        interaction.permissions.manage_guild or moderates(interaction.user, settings)
    )
    channel = None if by_token else interaction.channel
    address = Address(
        platform=Platform.DISCORD,
        community=community,
        channel=str(interaction.channel_id or 0),
        message=str(answer_id) if answer_id else None,
        token=interaction.token,
        token_expires_at=now() + TOKEN_LIFE,
        parent=parent_of(channel),
        private=is_private(channel),
        age_restricted=is_age_restricted(channel),
        by_token=by_token,
    )
    person = person_of(interaction.user, community, moderates=manages)
    return Call(person=person, address=address, request_key=f"discord:{interaction.id}")


def call_at(channel_id: int, channel: object, person: Person, *, key: str) -> Call:
    """What somebody asks for without an interaction; `channel` as far as it is known."""
    address = Address(
        platform=Platform.DISCORD,
        community=person.community,
        channel=str(channel_id),
        parent=parent_of(channel),
        private=is_private(channel),
        age_restricted=is_age_restricted(channel),
    )
    return Call(person=person, address=address, request_key=key)


def parent_of(channel: object) -> str | None:
    """The channel or forum that a thread belongs to. What is allowed there is allowed in its threads."""
    return str(channel.parent_id) if isinstance(channel, discord.Thread) else None


def is_private(channel: object) -> bool:
    """Whether a channel is hidden from members without further roles, while others of its server are not.

    A server that hides all its channels until somebody is let in is no different from an open one.
    """
    if isinstance(channel, discord.Thread):
        return channel.is_private() or is_private(channel.parent)
    if not isinstance(channel, discord.abc.GuildChannel):
        return False  # direct messages are a community of their own
    everyone = channel.guild.default_role
    return everyone.permissions.view_channel and not channel.permissions_for(everyone).view_channel


def is_age_restricted(channel: object) -> bool:
    """Whether Discord asks people for their age before they see a channel, or the channel of a thread."""
    if isinstance(channel, discord.Thread):
        return is_age_restricted(channel.parent)
    if not isinstance(channel, discord.abc.GuildChannel):
        return False
    return bool(getattr(channel, "nsfw", False))


def person_of(user: discord.abc.User, community: str, *, moderates: bool) -> Person:
    """With what Discord tells of an account: its age, and of a member the roles and the day they came."""
    name = clean_text(user.display_name)[:100] or user.name
    member = user if isinstance(user, discord.Member) and community.isdecimal() else None
    return Person(
        platform=Platform.DISCORD,
        community=community,
        user_id=str(user.id),
        display_name=name,
        roles=frozenset({Role.MEMBER, Role.MODERATOR} if moderates else {Role.MEMBER}),
        platform_roles=frozenset(str(role.id) for role in member.roles if not role.is_default())
        if member
        else frozenset(),
        account_created_at=discord.utils.snowflake_time(user.id),
        joined_at=member.joined_at if member else None,
    )


def record_person(database: Database, person: Person) -> None:
    """Write somebody down who was named and may never have been here, so that they can be spoken of."""
    with database.begin() as session:
        lock_person(session, person, present=False)


def moderates(user: discord.abc.User, settings: DiscordSettings) -> bool:
    """The members who may manage the server or everybody's messages in all of it, and the configured roles.

    Permissions come from the roles, not from a channel, where somebody may have been given more.
    """
    if not isinstance(user, discord.Member):
        return False
    may = user.guild_permissions
    return may.manage_guild or may.manage_messages or _has_role(user, settings)


async def is_active_member(guild: discord.Guild, person: Person) -> bool:
    """Whether they are in the server, and not in a timeout.

    Discord tells of both by itself only to bots with a privileged intent, so it is asked. Raises as Discord does.
    """
    if not person.user_id.isdecimal():
        return True  # they asked to be forgotten, and nothing of theirs is left
    try:
        member = await guild.fetch_member(int(person.user_id))
    except discord.NotFound as error:
        return error.code not in _NOT_A_MEMBER
    except discord.Forbidden:
        return True
    return not member.is_timed_out()


def _has_role(member: discord.Member, settings: DiscordSettings) -> bool:
    return any(
        str(role.id) in settings.moderator_roles or role.name in settings.moderator_roles
        for role in member.roles
    )
