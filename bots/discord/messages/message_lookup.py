"""Which job, or which of its pictures, a message of the bot's shows."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import discord

from bots.discord.context import DiscordContext
from bots.interactions.message_lookup import find_shown
from bots.queries.message_lookup import ShownPictures
from studio.domain.deliveries import MessageRef
from studio.domain.people import Platform

_SPOILER = "SPOILER_"


async def find_shown_in(
    context: DiscordContext, message: discord.Message | discord.PartialMessage
) -> ShownPictures | None:
    """For a message of the bot's own. One of which only the id is known is fetched where it is a direct message.

    Raises `discord.HTTPException`.
    """

    async def names() -> list[str]:
        found = message if isinstance(message, discord.Message) else await _fetch(message)
        return list(_names(found)) if found and is_own(context, found) else []

    ref = MessageRef(channel="", message=str(message.id))
    return await find_shown(context.ports.database, context.pools, Platform.DISCORD, ref, names)


async def _fetch(message: discord.PartialMessage) -> discord.Message | None:
    return await message.fetch() if message.guild is None else None


def _names(message: discord.Message) -> Iterator[str]:
    """What the files are named by: those of the attachments, and of the pictures that a layout shows."""
    filenames = [attachment.filename for attachment in message.attachments]
    for component in message.components:
        for child in component.children if isinstance(component, discord.Container) else ():
            if isinstance(child, discord.MediaGalleryComponent):
                filenames += [PurePosixPath(urlsplit(item.media.url).path).name for item in child.items]
    return (filename.removeprefix(_SPOILER).rpartition(".")[0] for filename in filenames)


def is_own(context: DiscordContext, message: discord.Message) -> bool:
    client = context.client
    return message.author.id == client.application_id or (
        client.user is not None and message.author.id == client.user.id
    )
