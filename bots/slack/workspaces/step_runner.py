"""Steps in a workspace: what else comes of the channels that its rules name."""

import logging
from collections.abc import Sequence

from bots.delivery.chat_event_handler import ChatEventHandler
from bots.interactions.step_runner import StepRunner
from bots.presentation.compose.cases import compose_sentence
from bots.presentation.message import Spans
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.context import SlackContext
from bots.slack.render import render
from bots.slack.texts import texts
from bots.slack.workspaces.channels import Channels
from bots.texts.languages.readers import reading_in
from bots.texts.translation import translate
from studio.commands.moderation.community_rules import CHANNELS
from studio.commands.results import Community
from studio.commands.spec import Call

log = logging.getLogger(__name__)


class SlackStepRunner(StepRunner):
    """Slack has no spoilers, and its forms complete nothing that is typed."""

    def __init__(self, context: SlackContext, delivery: ChatEventHandler, channels: Channels) -> None:
        super().__init__(context.ports, context.pools, delivery, pixelated=True, menus=True)
        self._context = context
        self._channels = channels

    async def channel_hints(self, answer: Community, call: Call) -> Sequence[Spans]:
        """A channel that was named just now is greeted. Hints: the app cannot write there; everybody reads the desk."""
        desk, community = answer.rules.desk_channel, call.address.community
        hints: list[Spans] = []
        if answer.changed in CHANNELS and (named := getattr(answer.rules, CHANNELS[answer.changed])):
            hints += await self._greet(community, named, answer)
        if desk and not await self._channels.is_private(community, desk, anew=True):
            hints.append(texts.open_desk(desk))
        return hints

    async def _greet(self, community: str, channel: str, answer: Community) -> Sequence[Spans]:
        """Say in the channel what comes there; a hint where the app has to be invited first."""
        if not channel.isalnum() or channel.islower():  # no id of Slack's
            return ()
        try:
            workspace = await self._context.workspaces.of(community)
            with reading_in(answer.rules.reading_language):
                greeting = render(compose_sentence(translate(texts.GREETINGS[answer.changed])))
            await workspace.client.call("chat.postMessage", channel=channel, **greeting)
        except SlackApiRefusedError:
            return [texts.invite_request(workspace.identity.bot_user, channel)]
        except SlackUnavailableError:
            log.info("channel not greeted: Slack unavailable")
        return ()
