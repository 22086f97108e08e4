"""Which job, or which of its pictures, a message of the bot's shows."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import discord

from bots.discord.context import DiscordContext
from bots.process.thread_pools import Pool
from bots.queries.message_lookup import ShownPictures, find_shown_pictures, parse_filename
from studio.domain.people import Platform

_SPOILER = "SPOILER_"


async def find_shown_in(context: DiscordContext, message: discord.Message) -> ShownPictures | None:
    """What a message shows: by the records, else by the names of the files that the bot itself gave to it.

    Copies in direct messages and answers for one person alone stand in no record.
    """
    if not is_own(context, message):
        return None
    return await find_recorded(context, message.id) or find_by_filenames(_filenames(message))


async def find_shown_by_id(
    context: DiscordContext, channel_id: int, message_id: int, *, private: bool
) -> ShownPictures | None:
    """The same for a message of which only the id is known; in direct messages (`private`) it is looked at.

    Raises `discord.HTTPException`.
    """
    known = await find_recorded(context, message_id)
    if known is not None or not private:
        return known
    message = await context.client.get_partial_messageable(channel_id).fetch_message(message_id)
    return await find_shown_in(context, message)


async def find_recorded(context: DiscordContext, message_id: int) -> ShownPictures | None:
    """By the records."""
    return await context.pools.run(
        Pool.COMMANDS, find_shown_pictures, context.ports.database, Platform.DISCORD, str(message_id)
    )


def find_by_filenames(filenames: Iterable[str]) -> ShownPictures | None:
    """The bot's files are named by what they show; several pictures of a job stand for the whole of it."""
    stems = (filename.removeprefix(_SPOILER).rpartition(".")[0] for filename in filenames)
    shown = list(dict.fromkeys(filter(None, map(parse_filename, stems))))
    if len(shown) > 1:
        return ShownPictures(job_id=shown[0].job_id)
    return shown[0] if shown else None


def _filenames(message: discord.Message) -> Iterator[str]:
    """Those of the attachments, and of the pictures that a layout shows."""
    yield from (attachment.filename for attachment in message.attachments)
    for component in message.components:
        for child in component.children if isinstance(component, discord.Container) else ():
            if isinstance(child, discord.MediaGalleryComponent):
                yield from (PurePosixPath(urlsplit(item.media.url).path).name for item in child.items)


def is_own(context: DiscordContext, message: discord.Message) -> bool:
    client = context.client
    return message.author.id == client.application_id or (
        client.user is not None and message.author.id == client.user.id
    )
