"""Which job, or which of its pictures, a message of the bot's shows."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import discord

from bots.discord.context import DiscordContext
from bots.interactions.message_lookup import FindNames, find_shown
from bots.queries.message_lookup import ShownPictures
from studio.domain.deliveries import MessageRef
from studio.domain.people import Platform

_SPOILER = "SPOILER_"


async def find_shown_in(context: DiscordContext, message: discord.Message) -> ShownPictures | None:
    """None for a message of somebody else's."""

    async def names() -> list[str]:
        return list(_names(message))

    return await _find(context, message.id, names) if is_own(context, message) else None


async def find_shown_by_id(
    context: DiscordContext, channel_id: int, message_id: int, *, private: bool
) -> ShownPictures | None:
    """The same for a message of which only the id is known; in direct messages (`private`) it is looked at.

    Raises `discord.HTTPException`.
    """

    async def names() -> list[str]:
        if not private:
            return []
        message = await context.client.get_partial_messageable(channel_id).fetch_message(message_id)
        return list(_names(message)) if is_own(context, message) else []

    return await _find(context, message_id, names)


async def _find(context: DiscordContext, message_id: int, names: FindNames) -> ShownPictures | None:
    message = MessageRef(channel="", message=str(message_id))
    return await find_shown(context.ports.database, context.pools, Platform.DISCORD, message, names)


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
