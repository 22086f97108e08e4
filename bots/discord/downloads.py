"""Files from Discord's own hosts, no larger than allowed."""

import aiohttp
import discord

from bots.discord.settings import DiscordSettings
from bots.uploads.safe_downloads import (
    UNCOMPRESSED,
    PublicResolver,
    TooManyBytesError,
    read_within,
    redirects_within,
)
from studio.errors import BadImageError

_TIMEOUT = aiohttp.ClientTimeout(total=60)


class Downloads:
    """discord.py would read each file to its end before anybody could see how long it is."""

    def __init__(self, settings: DiscordSettings) -> None:
        self.settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def download(self, attachment: discord.Attachment) -> bytes:
        """Raises `BadImageError`. What Discord says of the file is checked before a byte is asked for."""
        if not self.settings.may_download(attachment.url):
            raise BadImageError("foreign_to_discord")
        limit_bytes = self.settings.max_upload_bytes
        if attachment.size > limit_bytes:
            raise BadImageError("over_limit", most=limit_bytes // 2**20)
        if attachment.content_type is not None and not attachment.content_type.startswith("image/"):
            raise BadImageError("not_an_image")
        try:
            return await self.fetch(attachment.url)
        except TooManyBytesError as error:
            raise BadImageError("over_limit", most=limit_bytes // 2**20) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BadImageError("not_fetched", platform="Discord") from error

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
