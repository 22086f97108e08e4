"""What the bot has to be allowed, and who is told when it is not."""

from collections.abc import Iterator, Mapping
from typing import Any

import discord
from discord import app_commands

from bots.discord.texts import texts
from bots.presentation.message import ChannelName, Spans
from bots.presentation.spans import sentence
from bots.texts.coded.bad_parameters import LACKING_IN_CHANNEL, UNSEEN_CHANNEL
from studio.commands.gatherings.chosen_channel import CHANNEL, read_channel
from studio.commands.moderation.channel_rules import NOTHING
from studio.commands.moderation.community_rules import CHANNELS
from studio.domain.people import Platform
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
_USER_INSTALL = 1


def invite_url(application_id: int) -> str:
    """Where an administrator invites the bot, with exactly what it needs."""
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=SCOPES)


def user_install_url(application_id: int) -> str:
    """Where people add the app to their account."""
    url = discord.utils.oauth_url(application_id, scopes=("applications.commands",))
    return f"{url}&integration_type={_USER_INSTALL}"


def availability(*, by_people: bool, in_servers_only: bool = False) -> dict[str, Any]:
    """Where Discord offers a command, as its arguments. `by_people`: wherever somebody is who added the app."""
    return {
        "allowed_contexts": app_commands.AppCommandContext(
            guild=True, dm_channel=not in_servers_only, private_channel=by_people
        ),
        "allowed_installs": app_commands.AppInstallationType(guild=True, user=by_people),
    }


def missing(channel: discord.abc.GuildChannel | discord.Thread, me: discord.Member) -> list[str]:
    """The names of the permissions that the bot lacks in a channel."""
    may = channel.permissions_for(me)
    return [name for flag, name in NEEDED.items() if not getattr(may, flag)]


def lacking_in(guild: discord.Guild | None, channel_id: str) -> list[str]:
    """What the bot lacks where somebody asked; empty where that cannot be told."""
    channel = guild.get_channel_or_thread(int(channel_id)) if guild else None
    me: discord.Member | None = guild.me if guild else None
    return missing(channel, me) if channel and me else []


def require_own(guild: discord.Guild | None, command: str, values: Mapping[str, object]) -> None:
    """Raises `BadParameterError` when a command is told a place to write to that is another server's, or where the bot
    may not write: by a setting of `/community`, or by the channel of a gathering.

    Cases are not for the people of another server, nor are gatherings.
    """
    if named := values.get(CHANNEL):
        _require_writable(guild, CHANNEL, read_channel(str(named), Platform.DISCORD))
    chosen = str(values.get("value") or "").strip()
    if command != "community" or values.get("setting") not in CHANNELS or guild is None:
        return
    if chosen.lower() not in NOTHING:
        _find_own(guild, "value", chosen)


def _require_writable(guild: discord.Guild | None, parameter: str, chosen: str) -> None:
    """Raises `BadParameterError`; in direct messages always, where no channel is at hand."""
    channel = _find_own(guild, parameter, chosen)
    if guild is None or guild.me is None:
        return
    lacking = missing(channel, guild.me)
    writes = "send_messages_in_threads" if isinstance(channel, discord.Thread) else "send_messages"
    if NEEDED["view_channel"] in lacking:
        raise BadParameterError(parameter, "unseen_channel", channel=chosen)
    if NEEDED[writes] in lacking:
        raise BadParameterError(parameter, "lacking_in_channel", channel=chosen, permissions=tuple(lacking))


def _find_own(
    guild: discord.Guild | None, parameter: str, chosen: str
) -> discord.abc.GuildChannel | discord.Thread:
    """A channel of the server that takes messages. Raises `BadParameterError`."""
    channel = guild.get_channel_or_thread(int(chosen)) if guild and chosen.isdecimal() else None
    if channel is None:
        raise BadParameterError(parameter, "unseen_channel", channel=chosen[:40])
    if not isinstance(channel, discord.abc.Messageable):  # a forum or a category
        raise BadParameterError(parameter, "no_messages")
    return channel


def closed_channels(guild: discord.Guild | None, rules: CommunityRules) -> Iterator[Spans]:
    """A sentence for each channel of the rules in which the bot cannot do its work, or not in private."""
    for field in CHANNELS.values():
        chosen = getattr(rules, field)
        if chosen is None or guild is None or guild.me is None:
            continue
        channel = guild.get_channel_or_thread(int(chosen)) if chosen.isdecimal() else None
        named = ChannelName(chosen)
        if channel is None:
            yield sentence(UNSEEN_CHANNEL, channel=chosen)
        elif lacking := missing(channel, guild.me):
            yield sentence(LACKING_IN_CHANNEL, channel=named, permissions=", ".join(lacking))
        elif chosen == rules.desk_channel and channel.permissions_for(guild.default_role).view_channel:
            yield sentence(texts.OPEN_DESK, channel=named)
