"""Somebody opened the app: its Home tab, or the Messages tab, where the agent view offers prompts.

Sources: https://docs.slack.dev/ai/migrating-to-agent-messaging and
https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.presentation.suggested_prompts import MOST, compose_suggested_prompts
from bots.process.thread_pools import Pool
from bots.queries.suggested_prompts import load_suggestions
from bots.slack.api.client import NotInstalledError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_opening
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.listener import Listener
from bots.slack.messages.agent_thread import call_agent
from bots.slack.workspaces.greeting import Greeting
from bots.texts import help as texts
from bots.texts.translation import translate
from studio.commands.spec import Call
from studio.errors import ChatelierError


class AppOpening(Listener):
    def __init__(self, dispatcher: Dispatcher, greeting: Greeting) -> None:
        super().__init__(dispatcher)
        self._greeting = greeting

    async def handle_opening(self, body: Mapping[str, Any]) -> None:
        """Never raises for what Slack refuses."""
        request = of_opening(body)
        if body["event"].get("tab") == "home":
            await self._dispatcher.home.show(request)
        try:
            call = await self._people.call_of(request)
            if body["event"].get("tab") == "messages":
                await self._suggest(request, call)
        except (ChatelierError, NotInstalledError, SlackUnavailableError):
            return
        if call.person.moderates:
            await self._greeting.greet(request.community, request.user)

    async def _suggest(self, request: SlackRequest, call: Call) -> None:
        """Two of one's own pictures at most, so that there is room for the theme and for something new."""
        workspace = await self._workspaces.of(request.community)
        if request.channel is None or not workspace.has_agent_view:
            return
        load = partial(load_suggestions, self._ports.database, call, most_pictures=MOST // 2)
        found = await self._pools.run(Pool.DATABASE, load)
        prompts = [
            {"title": prompt.title, "message": prompt.message} for prompt in compose_suggested_prompts(found)
        ]
        await call_agent(
            workspace,
            "assistant.threads.setSuggestedPrompts",
            channel_id=request.channel,
            title=translate(texts.SUGGESTIONS_TITLE),
            prompts=prompts,
        )
