"""Files that people share, on their way in: from Slack's own hosts only, no larger than allowed."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from bots.slack.api.client import SlackApiRefusedError, SlackClient, SlackUnavailableError
from bots.slack.api.request import SlackRequest
from bots.slack.context import SlackComponent
from bots.uploads.safe_downloads import UNCOMPRESSED, TooManyBytesError, read_within
from studio.errors import BadImageError

File = Mapping[str, Any]

_GONE = frozenset({"tombstone", "hidden_by_limit"})
_TIMEOUT = aiohttp.ClientTimeout(total=60)


def images(message: Mapping[str, Any]) -> Sequence[File]:
    """The files of a message, or of one that it forwards, that are images or may be: of some only the id is told."""
    forwarded = [
        file for attachment in message.get("attachments") or () for file in attachment.get("files") or ()
    ]
    return [file for file in (*(message.get("files") or ()), *forwarded) if _may_be_image(file)]


def _may_be_image(file: File) -> bool:
    kind = str(file.get("mimetype") or "")
    return kind.startswith("image/") if kind else True


class Uploads(SlackComponent):
    async def fetch(self, request: SlackRequest, file: File) -> bytes:
        """Raises `BadImageError`."""
        try:
            client = await self._client(request)
        except SlackUnavailableError as error:
            raise BadImageError("not_fetched", platform="Slack") from error
        return await self._download(client, await self._whole(client, file))

    async def _whole(self, client: SlackClient, file: File) -> File:
        """What Slack knows of the file; in shared channels an event names the id alone."""
        if file.get("mode") in _GONE:
            raise BadImageError("gone")
        if file.get("file_access") != "check_file_info" and file.get("url_private"):
            return file
        try:
            answer = await client.call("files.info", file=str(file.get("id", "")))
        except SlackApiRefusedError as error:
            raise BadImageError("gone") from error
        except SlackUnavailableError as error:
            raise BadImageError("not_fetched", platform="Slack") from error
        found: File = answer.get("file", {})
        if found.get("mode") in _GONE or not found.get("url_private"):
            raise BadImageError("gone")
        return found

    async def _download(self, client: SlackClient, file: File) -> bytes:
        """What Slack says of the file is checked before a byte is asked for."""
        url = str(file.get("url_private_download") or file["url_private"])
        if not self._settings.may_download(url):
            raise BadImageError("foreign_to_slack")
        kind = str(file.get("mimetype") or "")
        if kind and not kind.startswith("image/"):
            raise BadImageError("not_an_image")
        if int(file.get("size") or 0) > self._settings.max_upload_bytes:
            raise BadImageError("over_limit", most=self._settings.max_upload_bytes // 2**20)
        headers = {"Authorization": f"Bearer {client.web.token}", **UNCOMPRESSED}
        try:
            # No redirect is followed: it could carry the token to another host.
            async with client.session.get(
                url, headers=headers, allow_redirects=False, timeout=_TIMEOUT
            ) as response:
                if response.status in (404, 410):
                    raise BadImageError("gone")
                if response.status != 200 or response.content_type == "text/html":
                    raise BadImageError("not_fetched", platform="Slack")
                return await read_within(response, most_bytes=self._settings.max_upload_bytes)
        except TooManyBytesError as error:
            raise BadImageError("over_limit", most=self._settings.max_upload_bytes // 2**20) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BadImageError("not_fetched", platform="Slack") from error
