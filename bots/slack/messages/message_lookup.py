"""Which job, or which of its pictures, a message of the app's shows."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from bots.interactions.message_lookup import FindNames, find_shown
from bots.process.thread_pools import Pool
from bots.queries.message_lookup import ShownPictures
from bots.slack.api.client import log_slack_errors
from bots.slack.api.request import SlackRequest
from bots.slack.context import SlackComponent
from bots.slack.files.file_records import subjects_of
from studio.domain.deliveries import MessageRef
from studio.domain.people import Platform


class MessageLookup(SlackComponent):
    async def in_message(self, channel: str | None, message: Mapping[str, Any]) -> ShownPictures | None:
        return await self._find(channel, str(message["ts"]), partial(self._subjects, [message]))

    async def by_name(self, request: SlackRequest, channel: str, ts: str) -> ShownPictures | None:
        """The same for a message of which only the timestamp is known; in direct messages it is fetched."""
        return await self._find(channel, ts, partial(self._fetch_subjects, request, channel, ts))

    async def _find(self, channel: str | None, ts: str, names: FindNames) -> ShownPictures | None:
        message = MessageRef(channel=channel or "", message=ts)
        return await find_shown(self._ports.database, self._pools, Platform.SLACK, message, names)

    async def _fetch_subjects(self, request: SlackRequest, channel: str, ts: str) -> list[str]:
        one: dict[str, Any] = {"latest": ts, "oldest": ts, "inclusive": "true", "limit": 1}
        answer: Mapping[str, Any] = {}
        if channel.startswith("D"):
            with log_slack_errors("direct message not looked up"):
                client = await self._client(request)
                answer = await client.call("conversations.history", patient=False, channel=channel, **one)
        found = [message for message in answer.get("messages", ()) if message.get("ts") == ts]
        return await self._subjects(found)

    async def _subjects(self, messages: Iterable[Mapping[str, Any]]) -> list[str]:
        """What the app's own files in the messages are about."""
        files = [file for message in messages for file in _files_of(message.get("blocks") or ())]
        return await self._pools.run(Pool.COMMANDS, subjects_of, self._ports.database, files)


def _files_of(blocks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The ids of the files in image blocks and in a carousel's cards."""
    for block in blocks:
        cards = block.get("elements", ()) if block.get("type") == "carousel" else ()
        for image in (block, *(card.get("hero_image") or {} for card in cards)):
            if file_id := (image.get("slack_file") or {}).get("id"):
                yield str(file_id)
