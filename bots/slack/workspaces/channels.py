"""Channels: which are open to the whole workspace. Pictures from the others stay there."""

import asyncio
import logging
import time

from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.context import WorkspaceRegistry
from studio.bounded_dict import BoundedDict

_KEPT_CHANNELS = 5000
_KEPT_SECONDS = 10 * 60
_PATIENCE_SECONDS = 2.0

log = logging.getLogger(__name__)


class Channels:
    def __init__(self, workspaces: WorkspaceRegistry) -> None:
        self._workspaces = workspaces
        self._public: BoundedDict[str, tuple[float, bool]] = BoundedDict(_KEPT_CHANNELS)

    async def is_private(self, community: str, channel: str | None, *, anew: bool = False) -> bool:
        """Direct messages are; so is a channel of which Slack does not say that it is public.

        `anew` asks Slack, though it was asked a moment ago.
        """
        if channel is None or not channel.startswith("C"):
            return True
        found_at, public = self._public.get(channel, (0.0, False))
        if found_at and not anew and time.monotonic() - found_at < _KEPT_SECONDS:
            return not public
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                client = (await self._workspaces.of(community)).client
                answer = await client.call("conversations.info", patient=False, channel=channel)
        except SlackApiRefusedError:
            public = False  # the app may see public channels, so this is none
        except (SlackUnavailableError, TimeoutError):
            log.info("channel lookup failed: Slack unavailable")
            return not public
        else:
            public = not answer.get("channel", {}).get("is_private", True)
        self._public[channel] = (time.monotonic(), public)
        return not public
