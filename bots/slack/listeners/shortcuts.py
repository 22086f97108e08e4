"""Shortcuts: on messages that show an image, ours or anybody's, and the one that opens from everywhere."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.interactions.step_runner import Result
from bots.presentation.actions import ACTIONS, Needs, label
from bots.presentation.interaction_router import Ask, Run
from bots.presentation.subject_lookup import form_about, subject_of_upload
from bots.slack.api.request import SlackRequest, of_interaction
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.form_state import FormState
from bots.slack.listeners.listener import Listener
from bots.slack.listeners.modals import Modals, Opening
from bots.slack.listeners.uploads import images
from studio.commands.button_ids import Action
from studio.commands.spec import Call
from studio.errors import BadRequestError

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

    async def anywhere(self, body: Mapping[str, Any]) -> None:
        await self._modals.ask_imagine(of_interaction(body))

    async def on_message(self, body: Mapping[str, Any]) -> None:
        request, message = of_interaction(body), body["message"]
        action = ENTRIES[body["callback_id"]]
        await self._people.adopt_language(request)
        if ACTIONS[action].needs is Needs.FORM:
            find = partial(self._opening, request, action, message)
            await self._modals.open(request, label(action, single=True), find)
        else:
            await self._dispatcher.serve(request, partial(self._carry_out, request, action, message))

    async def _carry_out(
        self, request: SlackRequest, action: Action, message: Mapping[str, Any], call: Call
    ) -> Result:
        """What follows for a picture of ours; of somebody's image, who made it or what comes of it."""
        if shown := await self._lookup.in_message(request.channel, message):
            return await self._runner.carry_out(await self._runner.follow_menu(action, shown, call), call)
        if action is Action.WHO:
            traces = await self._uploads.look_at(request, _image(message), call.person)
            return await self._runner.run(Run(command="whose", values={"image": traces}), call)
        image = await self._uploads.take_in(request, _image(message), call.person)
        return await self._runner.run(Run(command=str(action), values={"image": image}), call)

    async def _opening(
        self, request: SlackRequest, action: Action, message: Mapping[str, Any], call: Call
    ) -> Opening:
        if shown := await self._lookup.in_message(request.channel, message):
            step = await self._runner.follow_menu(action, shown, call)
            if not isinstance(step, Ask):
                raise TypeError("the action opens no form")
            return self._modals.opening(request, await self._runner.load_form(step, call))
        if action is Action.REPORT:
            raise BadRequestError("not_from_here")
        image = await self._uploads.take_in(request, _image(message), call.person)
        state = FormState(channel=request.channel, thread=request.thread, image=image)
        subject = subject_of_upload(self._ports, "", key=image.key)
        return Opening(form=form_about(action, subject), state=state)


def _image(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises `BadRequestError`."""
    files = images(message)
    if not files:
        raise BadRequestError("no_image")
    return files[0]
