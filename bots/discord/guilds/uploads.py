"""Attachments on their way in, made harmless."""

import discord

from bots.discord.context import DiscordContext
from bots.process.thread_pools import Pool
from studio.domain.people import Person
from studio.domain.provenance import Traces
from studio.domain.requests import Source
from studio.services.upload_intake import accept_upload, examine_upload

# Stands for an image or a mask that is known to be attached and will be received later.
PENDING_UPLOAD = Source(key="pending")

_IMAGE_SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".gif",
    ".avif",
    ".heic",
    ".heif",
    ".bmp",
    ".tiff",
)


async def store_attachment(context: DiscordContext, attachment: discord.Attachment, person: Person) -> Source:
    """Raises `BadImageError`, `PolicyRefusalError`, `InspectionError` or `StorageError`."""
    data = await context.downloads.download(attachment)
    return await context.pools.run(Pool.FILES, accept_upload, context.ports, person, data)


async def examine_attachment(
    context: DiscordContext, attachment: discord.Attachment, person: Person
) -> Traces:
    """What a file says of its origin; nothing is kept. Raises `BadImageError` and `RateLimitedError`."""
    data = await context.downloads.download(attachment)
    return await context.pools.run(Pool.FILES, examine_upload, context.ports, person, data)


def first_image(message: discord.Message) -> discord.Attachment | None:
    """The first picture attached to a message, or to one that it forwards."""
    forwarded = (attachment for snapshot in message.message_snapshots for attachment in snapshot.attachments)
    return next(
        (attachment for attachment in (*message.attachments, *forwarded) if _is_image(attachment)), None
    )


def _is_image(attachment: discord.Attachment) -> bool:
    if attachment.content_type is not None:
        return attachment.content_type.startswith("image/")
    return attachment.filename.lower().endswith(_IMAGE_SUFFIXES)
