"""Attachments on their way in: from Discord's own hosts only, no larger than allowed, made harmless."""

import aiohttp
import discord

from bots.discord.settings import DiscordSettings
from bots.discord.texts import texts
from bots.runtime.safe_downloads import (
    UNCOMPRESSED,
    PublicResolver,
    TooManyBytesError,
    read_within,
    redirects_within,
)
from bots.runtime.thread_pools import Pool, ThreadPools
from bots.texts import chat
from studio.domain.people import Person
from studio.domain.provenance import Traces
from studio.domain.requests import Source
from studio.errors import BadImageError
from studio.ports import Ports
from studio.services.upload_intake import accept_upload, examine_upload

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
_TIMEOUT = aiohttp.ClientTimeout(total=60)


class Downloads:
    """Files from Discord's hosts. discord.py would read each to its end before anybody could see how long it is."""

    def __init__(self, settings: DiscordSettings) -> None:
        self.settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str) -> bytes:
        """Raises `TooManyBytesError`, aiohttp's errors and OSError."""
        if self._session is None:
            self._session = self._open_session()
        async with self._session.get(url, raise_for_status=True) as response:
            return await read_within(response, most_bytes=self.settings.max_upload_bytes)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=PublicResolver(self.settings.cdn_hosts)),
            trace_configs=[redirects_within(self.settings.may_download)],
            timeout=_TIMEOUT,
            headers=UNCOMPRESSED,
        )


async def store_attachment(
    attachment: discord.Attachment,
    person: Person,
    ports: Ports,
    pools: ThreadPools,
    downloads: Downloads,
) -> Source:
    """Raises `BadImageError`, `PolicyRefusalError`, `InspectionError` or `StorageError`."""
    data = await download(attachment, downloads)
    return await pools.run(Pool.FILES, accept_upload, ports, person, data)


async def examine_attachment(
    attachment: discord.Attachment,
    person: Person,
    ports: Ports,
    pools: ThreadPools,
    downloads: Downloads,
) -> Traces:
    """What a file tells of where it comes from; nothing is kept. Raises `BadImageError` and `RateLimitedError`."""
    data = await download(attachment, downloads)
    return await pools.run(Pool.FILES, examine_upload, ports, person, data)


async def download(attachment: discord.Attachment, downloads: Downloads) -> bytes:
    """Raises `BadImageError`. What Discord says of the file is checked before a byte is asked for."""
    settings = downloads.settings
    if not settings.may_download(attachment.url):
        raise BadImageError(texts.FOREIGN_FILE)
    if attachment.size > settings.max_upload_bytes:
        raise BadImageError(chat.too_large(settings.max_upload_bytes))
    if attachment.content_type is not None and not attachment.content_type.startswith("image/"):
        raise BadImageError(chat.NOT_AN_IMAGE)
    try:
        return await downloads.fetch(attachment.url)
    except TooManyBytesError as error:
        raise BadImageError(chat.too_large(settings.max_upload_bytes)) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise BadImageError(texts.DOWNLOAD_FAILED) from error


def first_image(message: discord.Message) -> discord.Attachment | None:
    """The first picture attached to a message, or to one that it forwards."""
    forwarded = (each for snapshot in message.message_snapshots for each in snapshot.attachments)
    return next((each for each in (*message.attachments, *forwarded) if _is_image(each)), None)


def _is_image(attachment: discord.Attachment) -> bool:
    if attachment.content_type is not None:
        return attachment.content_type.startswith("image/")
    return attachment.filename.lower().endswith(_IMAGE_SUFFIXES)
