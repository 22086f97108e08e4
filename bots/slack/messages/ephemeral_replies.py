"""Private answers: what one pair of eyes sees."""

import logging
from typing import Any

import aiohttp

from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError, respond
from bots.slack.api.request import SlackRequest
from bots.slack.blocks.job_blocks import JobBlocks
from bots.slack.workspaces.registry import WorkspaceRegistry

log = logging.getLogger(__name__)


class EphemeralReplies:
    """Through the interaction, else in the channel for one person alone, else by direct message."""

    def __init__(self, workspaces: WorkspaceRegistry, session: aiohttp.ClientSession) -> None:
        self._workspaces = workspaces
        self._session = session

    async def tell(self, visit: SlackRequest, post: JobBlocks) -> None:
        """Never raises: a sentence that Slack does not take is written down as such."""
        try:
            if await self._responded(visit, post) or await self._whispered(visit, post):
                return
            line = (await self._workspaces.of(visit.community)).line
            where: dict[str, Any] = {"channel": visit.user}
            if visit.in_private:
                where = {"channel": visit.channel, "thread_ts": visit.thread}
            await line.call("chat.postMessage", **where, **post.arguments("chat.postMessage"))
        except (SlackUnavailableError, SlackApiRefusedError) as error:
            log.warning("a sentence was not taken: %s", error)

    async def _responded(self, visit: SlackRequest, post: JobBlocks) -> bool:
        if not visit.response_url:
            return False
        kind = {"response_type": "ephemeral", "replace_original": False}
        try:
            await respond(self._session, visit.response_url, **kind, **post.arguments("response_url"))
        except (SlackUnavailableError, SlackApiRefusedError):
            log.info("an interaction takes no more answers")
            return False
        return True

    async def _whispered(self, visit: SlackRequest, post: JobBlocks) -> bool:
        if not visit.channel or visit.in_private:
            return False
        line = (await self._workspaces.of(visit.community)).line
        where: dict[str, Any] = {"channel": visit.channel, "user": visit.user, "thread_ts": visit.thread}
        try:
            await line.call("chat.postEphemeral", **where, **post.arguments("chat.postEphemeral"))
        except SlackApiRefusedError as error:
            log.info("a channel takes no private answer: %s", error.code)
            return False
        return True
