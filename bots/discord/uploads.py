"""Attachments on their way in: from Discord's own hosts only, no larger than allowed, made harmless."""

import aiohttp
import discord

from bots import words as house
from bots.backroom import Backroom
from bots.discord import words
from bots.discord.settings import DiscordSettings
from studio.errors import BadImage
from studio.people import Person
from studio.ports import Ports
from studio.provenance import Traces
from studio.requests import Source
from studio.uploads import accept_upload, examine_upload


async def take_in(
    attachment: discord.Attachment,
    person: Person,
    ports: Ports,
    backroom: Backroom,
    settings: DiscordSettings,
) -> Source:
    """Raises `BadImage`, `PolicyRefusal`, `InspectionFailed` or `StorageFailed`."""
    data = await download(attachment, settings)
    return await backroom.run("shelf", accept_upload, ports, person, data)


async def look_at(
    attachment: discord.Attachment,
    person: Person,
    ports: Ports,
    backroom: Backroom,
    settings: DiscordSettings,
) -> Traces:
    """What a file tells of where it comes from; nothing is kept. Raises `BadImage` and `RateLimited`."""
    data = await download(attachment, settings)
    return await backroom.run("shelf", examine_upload, ports, person, data)


async def download(attachment: discord.Attachment, settings: DiscordSettings) -> bytes:
    """Raises `BadImage`. What Discord says of the file is checked before a byte is asked for."""
    if not settings.may_download(attachment.url):
        raise BadImage(words.FOREIGN_FILE)
    if attachment.size > settings.max_upload_bytes:
        raise BadImage(house.too_large(settings.max_upload_bytes))
    if attachment.content_type is not None and not attachment.content_type.startswith("image/"):
        raise BadImage(house.NOT_AN_IMAGE)
    try:
        data = await attachment.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise BadImage(words.DOWNLOAD_FAILED) from error
    if len(data) > settings.max_upload_bytes:
        raise BadImage(house.too_large(settings.max_upload_bytes))
    return data


def first_image(message: discord.Message) -> discord.Attachment | None:
    """The first picture attached to a message, or to one that it forwards."""
    forwarded = (each for snapshot in message.message_snapshots for each in snapshot.attachments)
    return next((each for each in (*message.attachments, *forwarded) if _is_image(each)), None)


def _is_image(attachment: discord.Attachment) -> bool:
    if attachment.content_type is not None:
        return attachment.content_type.startswith("image/")
    return attachment.filename.lower().endswith((".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff"))
