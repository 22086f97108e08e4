"""The Home tab: one's own credits, queue, latest pictures and settings."""

from contextlib import suppress

from bots.presentation.compose.cases import compose_sentence
from bots.presentation.subject_lookup import load_home
from bots.process.thread_pools import Pool
from bots.slack.api.client import NotInstalledError, log_slack_errors
from bots.slack.api.request import SlackRequest
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.messages.message_sender import Draft
from bots.slack.messages.private_images import PrivateImages
from bots.slack.render import render_home
from bots.slack.texts import texts
from bots.slack.workspaces.members import Members
from bots.texts.translation import translate
from studio.errors import ChatelierError


class HomeTab(SlackComponent):
    def __init__(self, context: SlackContext, people: Members) -> None:
        super().__init__(context)
        self._people = people
        self._images = PrivateImages(context)

    async def show(self, request: SlackRequest) -> None:
        """First what is known at once, then with the pictures. Never raises for what Slack refuses."""
        try:
            call = await self._people.call_of(request)
            home = await self._pools.run(Pool.DATABASE, load_home, self._ports, call)
        except ChatelierError:
            await self._publish(request, Draft(message=compose_sentence(translate(texts.HOME_AWAY))))
            return
        except NotInstalledError:
            return
        await self._publish(request, Draft(message=home))
        if home.files:
            with suppress(ChatelierError):
                draft = await self._images.draft(request, home, lambda image: image.name.partition(".")[0])
                await self._publish(request, draft)

    async def _publish(self, request: SlackRequest, draft: Draft) -> None:
        with log_slack_errors("Home tab not published"):
            client = await self._client(request)
            view = render_home(draft.message, draft.files)
            await client.call("views.publish", user_id=request.user, view=view)
