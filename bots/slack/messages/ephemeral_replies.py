"""Private answers, visible to one person."""

import logging
from typing import Any

from bots.slack.api.client import SlackApiRefusedError, SlackError, respond
from bots.slack.api.request import SlackRequest
from bots.slack.context import SlackComponent
from bots.slack.messages.message_sender import Draft

log = logging.getLogger(__name__)


class EphemeralReplies(SlackComponent):
    """Through the interaction, else in the channel for one person alone, else by direct message."""

    async def send(self, request: SlackRequest, draft: Draft) -> None:
        """Never raises: an answer that Slack does not take is logged."""
        try:
            if await self._send_by_response_url(request, draft) or await self._send_ephemeral(request, draft):
                return
            client = await self._client(request)
            where: dict[str, Any] = {"channel": request.user}
            if request.in_private:
                where = {"channel": request.channel, "thread_ts": request.thread}
            await client.call("chat.postMessage", **where, **draft.arguments("chat.postMessage"))
        except SlackError as error:
            log.warning("private reply not sent: %s", error)

    async def _send_by_response_url(self, request: SlackRequest, draft: Draft) -> bool:
        if not request.response_url:
            return False
        kind = {"response_type": "ephemeral", "replace_original": False}
        try:
            await respond(
                self._context.session, request.response_url, **kind, **draft.arguments("response_url")
            )
        except SlackError:
            log.info("response URL not usable: trying an ephemeral message")
            return False
        return True

    async def _send_ephemeral(self, request: SlackRequest, draft: Draft) -> bool:
        if not request.channel or request.in_private:
            return False
        client = await self._client(request)
        where: dict[str, Any] = {
            "channel": request.channel,
            "user": request.user,
            "thread_ts": request.thread,
        }
        try:
            await client.call("chat.postEphemeral", **where, **draft.arguments("chat.postEphemeral"))
        except SlackApiRefusedError as error:
            log.info("ephemeral message not sent: code=%s", error.code)
            return False
        return True
