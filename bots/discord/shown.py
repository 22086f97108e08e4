"""Which job, or which of its pictures, a message of the bot's shows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import discord

from bots.standings import job_of_message
from bots.starboard import picture_of_message
from studio.identifiers import is_job_id, split_picture_id
from studio.people import Platform

if TYPE_CHECKING:
    from bots.discord.bot import Bot

_SPOILER = "SPOILER_"

Shown = tuple[str, int]  # a job and one of its pictures; 0: all of them


async def shown_in(bot: "Bot", message: discord.Message) -> Shown | None:
    """What a message shows: by the records, else by the names of the files that the bot itself gave to it.

    Copies in direct messages and answers for one person alone stand in no record.
    """
    if not is_own(bot, message):
        return None
    return await known_of(bot, message.id) or named(each.filename for each in message.attachments)


async def shown_by_id(bot: "Bot", channel_id: int, message_id: int, *, private: bool) -> Shown | None:
    """The same for a message of which only the id is known; in direct messages (`private`) it is looked at.

    Raises `discord.HTTPException`.
    """
    known = await known_of(bot, message_id)
    if known is not None or not private:
        return known
    message = await bot.get_partial_messageable(channel_id).fetch_message(message_id)
    return await shown_in(bot, message)


async def known_of(bot: "Bot", message_id: int) -> Shown | None:
    """By the records: the message of a job, or of a picture on the starboard."""
    database, name = bot.ports.database, str(message_id)
    job_id = await bot.backroom.run("desk", job_of_message, database, Platform.DISCORD, name)
    if job_id is not None:
        return job_id, 0
    picture = await bot.backroom.run("desk", picture_of_message, database, Platform.DISCORD, name)
    return split_picture_id(picture) if picture else None


def named(filenames: Iterable[str]) -> Shown | None:
    """The bot's files are named by what they show."""
    for filename in filenames:
        stem = filename.removeprefix(_SPOILER).rpartition(".")[0]
        if found := split_picture_id(stem):
            return found
        if is_job_id(stem):
            return stem, 0
    return None


def is_own(bot: "Bot", message: discord.Message) -> bool:
    return message.author.id == bot.application_id or (
        bot.user is not None and message.author.id == bot.user.id
    )
