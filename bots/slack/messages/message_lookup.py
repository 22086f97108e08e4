"""Which job, or which of its pictures, a message of the app's shows."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bots.process.thread_pools import Pool
from bots.queries.message_lookup import ShownPictures, find_shown_pictures, parse_filename
from bots.slack.api.client import SlackApiRefusedError
from bots.slack.api.request import SlackRequest
from bots.slack.context import SlackComponent
from bots.slack.files.file_records import subject_of
from studio.domain.people import Platform

log = logging.getLogger(__name__)


class MessageLookup(SlackComponent):
    async def in_message(self, channel: str | None, message: Mapping[str, Any]) -> ShownPictures | None:
        """By the database, else by the app's own files in the message: copies are not recorded."""
        known = await self._find_known(channel, str(message["ts"]))
        return known or await self._by_files(message)

    async def by_name(self, request: SlackRequest, channel: str, ts: str) -> ShownPictures | None:
        """The same for a message of which only the timestamp is known; in direct messages it is fetched.

        Raises `SlackUnavailableError`.
        """
        known = await self._find_known(channel, ts)
        if known is not None or not channel.startswith("D"):
            return known
        client = (await self._workspaces.of(request.community)).client
        one: dict[str, Any] = {"latest": ts, "oldest": ts, "inclusive": "true", "limit": 1}
        try:
            answer = await client.call("conversations.history", patient=False, channel=channel, **one)
        except SlackApiRefusedError as error:
            log.info("direct message lookup failed: code=%s", error.code)
            return None
        for message in answer.get("messages", ()):
            if message.get("ts") == ts:
                return await self._by_files(message)
        return None

    async def _find_known(self, channel: str | None, ts: str) -> ShownPictures | None:
        return await self._pools.run(
            Pool.COMMANDS, find_shown_pictures, self._ports.database, Platform.SLACK, ts, channel=channel
        )

    async def _by_files(self, message: Mapping[str, Any]) -> ShownPictures | None:
        for file_id in _files_of(message.get("blocks") or ()):
            subject = await self._pools.run(Pool.COMMANDS, subject_of, self._ports.database, file_id)
            if subject and (shown := parse_filename(subject)):
                return shown
        return None


def _files_of(blocks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The ids of the files in image blocks and in a carousel's cards."""
    for block in blocks:
        cards = block.get("elements", ()) if block.get("type") == "carousel" else ()
        for image in (block, *(card.get("hero_image") or {} for card in cards)):
            if file_id := (image.get("slack_file") or {}).get("id"):
                yield str(file_id)
