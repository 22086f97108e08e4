"""What the bot has to be allowed, and who is told when it is not."""

from collections.abc import Iterator, Mapping

import discord
from discord import app_commands

from bots.discord.texts import texts
from bots.presentation.message import ChannelName, Spans
from bots.presentation.spans import sentence
from studio.commands.moderation.channel_rules import NOTHING
from studio.commands.moderation.community_rules import CHANNELS
from studio.domain.settings.communities import CommunityRules
from studio.errors import BadParameterError

NEEDED = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
PERMISSIONS = discord.Permissions(**dict.fromkeys(NEEDED, True))
SCOPES = ("bot", "applications.commands")
# Where commands are offered, and to whom.
CONTEXTS = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
IN_SERVERS = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
INSTALLS = app_commands.AppInstallationType(guild=True, user=False)


def invite_url(application_id: int) -> str:
    """Where an administrator invites the bot, with exactly what it needs."""
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=SCOPES)


def missing(channel: discord.abc.GuildChannel | discord.Thread, me: discord.Member) -> list[str]:
    """The names of the permissions that the bot lacks in a channel."""
    may = channel.permissions_for(me)
    return [name for flag, name in NEEDED.items() if not getattr(may, flag)]


def lacking_in(guild: discord.Guild | None, channel_id: str) -> list[str]:
    """What the bot lacks where somebody asked; empty where that cannot be told."""
    channel = guild.get_channel_or_thread(int(channel_id)) if guild else None
    me: discord.Member | None = guild.me if guild else None
    return missing(channel, me) if channel and me else []


def require_own(guild: discord.Guild | None, values: Mapping[str, object]) -> None:
    """Raises `BadParameterError` when `/community` is told a place to write to that is another server's, or takes no
    messages.

    Cases are not for the people of another server.
    """
    chosen = str(values.get("value") or "").strip()
    if values.get("setting") not in CHANNELS or guild is None or chosen.lower() in NOTHING:
        return
    channel = guild.get_channel_or_thread(int(chosen)) if chosen.isdecimal() else None
    if channel is None:
        raise BadParameterError("value", "unseen_channel", channel=chosen[:40])
    if not isinstance(channel, discord.abc.Messageable):  # a forum or a category
        raise BadParameterError("value", "no_messages")


def closed_channels(guild: discord.Guild | None, rules: CommunityRules) -> Iterator[Spans]:
    """A sentence for each channel of the rules in which the bot cannot do its work, or not in private."""
    for field in CHANNELS.values():
        chosen = getattr(rules, field)
        if chosen is None or guild is None or guild.me is None:
            continue
        channel = guild.get_channel_or_thread(int(chosen)) if chosen.isdecimal() else None
        named = ChannelName(chosen)
        if channel is None:
            yield sentence(texts.CHANNEL_UNSEEN, channel=chosen)
        elif lacking := missing(channel, guild.me):
            yield sentence(texts.CHANNEL_LACKING, channel=named, permissions=", ".join(lacking))
        elif chosen == rules.desk_channel and channel.permissions_for(guild.default_role).view_channel:
            yield sentence(texts.OPEN_DESK, channel=named)
