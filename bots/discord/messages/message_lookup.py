"""Which job, or which of its pictures, a message of the bot's shows."""

from collections.abc import Iterable

import discord

from bots.delivery.message_lookup import ShownPictures, find_shown_pictures, shown_by_filename
from bots.discord.context import DiscordClient
from bots.runtime.thread_pools import Pool
from studio.domain.people import Platform

_SPOILER = "SPOILER_"


async def find_shown_in(bot: DiscordClient, message: discord.Message) -> ShownPictures | None:
    """What a message shows: by the records, else by the names of the files that the bot itself gave to it.

    Copies in direct messages and answers for one person alone stand in no record.
    """
    if not is_own(bot, message):
        return None
    return await find_recorded(bot, message.id) or named(each.filename for each in message.attachments)


async def find_shown_by_id(
    bot: DiscordClient, channel_id: int, message_id: int, *, private: bool
) -> ShownPictures | None:
    """The same for a message of which only the id is known; in direct messages (`private`) it is looked at.

    Raises `discord.HTTPException`.
    """
    known = await find_recorded(bot, message_id)
    if known is not None or not private:
        return known
    message = await bot.get_partial_messageable(channel_id).fetch_message(message_id)
    return await find_shown_in(bot, message)


async def find_recorded(bot: DiscordClient, message_id: int) -> ShownPictures | None:
    """By the records."""
    return await bot.pools.run(
        Pool.COMMANDS, find_shown_pictures, bot.ports.database, Platform.DISCORD, str(message_id)
    )


def named(filenames: Iterable[str]) -> ShownPictures | None:
    """The bot's files are named by what they show."""
    stems = (filename.removeprefix(_SPOILER).rpartition(".")[0] for filename in filenames)
    return next(filter(None, map(shown_by_filename, stems)), None)


def is_own(bot: DiscordClient, message: discord.Message) -> bool:
    return message.author.id == bot.application_id or (
        bot.user is not None and message.author.id == bot.user.id
    )
