"""Steps in a workspace: what else is said of the channels that its rules name."""

from collections.abc import Sequence

from bots.delivery.chat_event_handler import ChatEventHandler
from bots.interactions.step_runner import StepRunner
from bots.presentation.message import Spans
from bots.slack.context import SlackContext
from bots.slack.texts import texts
from bots.slack.workspaces.channels import Channels
from studio.commands.spec import Call
from studio.domain.settings.communities import CommunityRules


class SlackStepRunner(StepRunner):
    """Slack has no spoilers, and its forms complete nothing that is typed."""

    def __init__(self, context: SlackContext, delivery: ChatEventHandler, channels: Channels) -> None:
        super().__init__(context.ports, context.pools, delivery, pixelated=True, menus=True)
        self._channels = channels

    async def channel_hints(self, rules: CommunityRules, call: Call) -> Sequence[Spans]:
        """Where everybody in the workspace can read the desk channel."""
        desk, community = rules.desk_channel, call.address.community
        if desk is None or await self._channels.is_private(community, desk, anew=True):
            return ()
        return [texts.open_desk(desk)]
