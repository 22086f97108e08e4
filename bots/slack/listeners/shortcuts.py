"""Shortcuts: on messages that show an image, ours or anybody's, and the one that opens from everywhere."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.interactions.step_runner import Fetch, Result
from bots.presentation.actions import ACTIONS, Needs
from bots.presentation.form_model import Form
from bots.presentation.interaction_router import Ask, require_foreign, route_foreign
from bots.slack.api.request import SlackRequest, of_interaction
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.listener import Listener
from bots.slack.listeners.modals import Modals
from bots.slack.listeners.uploads import images
from studio.commands.button_ids import Action
from studio.commands.spec import Call

Message = Mapping[str, Any]

IMAGINE = "imagine_anywhere"
# Callback id → action. The ids are those of apps that were made from an earlier manifest, too.
ENTRIES: Mapping[str, Action] = {
    "vary_picture": Action.VARY,
    "edit_picture": Action.EDIT,
    "expand_picture": Action.EXPAND,
    "upscale_picture": Action.UPSCALE,
    "report_picture": Action.REPORT,
    "who_made_this": Action.WHO,
    "add_to_blend": Action.COLLECT,
    "describe_picture": Action.DESCRIBE,
    "use_as_reference": Action.REFERENCE,
}


class Shortcuts(Listener):
    def __init__(self, dispatcher: Dispatcher, modals: Modals) -> None:
        super().__init__(dispatcher)
        self._modals = modals

    async def on_message(self, body: Mapping[str, Any]) -> None:
        request, action = of_interaction(body), ENTRIES[body["callback_id"]]
        if ACTIONS[action].needs is Needs.FORM:
            await self._modals.open(
                request, action, partial(self._find_form, request, action, body["message"])
            )
        else:
            await self._dispatcher.serve(request, partial(self._carry_out, request, action, body["message"]))

    async def _carry_out(self, request: SlackRequest, action: Action, message: Message, call: Call) -> Result:
        """For a picture of ours, or for somebody's image."""
        if shown := await self._lookup.in_message(request.channel, message):
            step = await self._runner.follow_menu(action, shown, call)
        else:
            image = self._image(request, action, message)
            step = await self._runner.with_image(route_foreign(action), image, call)
        return await self._runner.carry_out(step, call)

    async def _find_form(self, request: SlackRequest, action: Action, message: Message, call: Call) -> Form:
        if shown := await self._lookup.in_message(request.channel, message):
            step = await self._runner.follow_menu(action, shown, call)
            if not isinstance(step, Ask):
                raise TypeError("the action opens no form")
            return await self._runner.load_form(step, call)
        return await self._runner.take_in_form(action, self._image(request, action, message), call)

    def _image(self, request: SlackRequest, action: Action, message: Message) -> Fetch:
        """Raises `BadRequestError`."""
        return partial(
            self._uploads.fetch, request, require_foreign(action, next(iter(images(message)), None))
        )
