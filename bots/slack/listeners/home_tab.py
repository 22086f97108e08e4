"""The Home tab: one's own credits, queue, latest pictures and settings."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bots.interactions.error_messages import message_of
from bots.presentation.compose.cases import compose_sentence
from bots.presentation.interaction_router import Run
from bots.presentation.message import Message
from bots.presentation.subject_lookup import load_home
from bots.process.thread_pools import Pool
from bots.slack.api.client import NotInstalledError, log_slack_errors
from bots.slack.api.request import SlackRequest, of_interaction
from bots.slack.listeners.listener import Listener
from bots.slack.messages.message_sender import Draft
from bots.slack.render import render_home
from bots.slack.texts import texts
from bots.texts.translation import translate
from studio.errors import ChatelierError

FORMER_SETTING = "c1h:"  # and a setting's name: earlier versions' Home tab had a menu for each
_FORMER_DEFAULT = "none"


class HomeTab(Listener):
    async def former_setting_changed(self, body: Mapping[str, Any]) -> None:
        """On a tab that an earlier version published."""
        request = of_interaction(body)
        element: Mapping[str, Any] = body["actions"][0]
        name = str(element["action_id"]).removeprefix(FORMER_SETTING)
        value = str((element.get("selected_option") or {}).get("value") or _FORMER_DEFAULT)
        fault = None
        try:
            call = await self._people.call_of(request)
            await self._runner.run(Run(command="settings", values={name: value}), call)
        except NotInstalledError:
            return
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            fault = message_of(error)
        await self.show(request, fault=fault)

    async def show(self, request: SlackRequest, *, fault: Message | None = None) -> None:
        """First what is known at once, then with the pictures. Never raises for what Slack refuses."""
        try:
            call = await self._people.call_of(request)
            home = await self._pools.run(Pool.DATABASE, load_home, self._ports, call)
        except ChatelierError:
            await self._publish(request, Draft(message=compose_sentence(translate(texts.HOME_AWAY))))
            return
        except NotInstalledError:
            return
        shown = replace(home, parts=(*fault.parts, *home.parts)) if fault else home
        await self._publish(request, Draft(message=shown))
        if home.files:
            with suppress(ChatelierError):
                draft = await self._images.draft(request, shown, lambda image: image.name.partition(".")[0])
                await self._publish(request, draft)

    async def _publish(self, request: SlackRequest, draft: Draft) -> None:
        with log_slack_errors("Home tab not published"):
            client = await self._client(request)
            view = render_home(draft.message, draft.files)
            await client.call("views.publish", user_id=request.user, view=view)
