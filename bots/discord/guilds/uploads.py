"""Attachments on their way in."""

import discord

from studio.domain.requests import Source

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
