"""Shortcuts: on messages that show an image, ours or anybody's, and the one that opens from everywhere."""

from collections.abc import Mapping, Sequence
from typing import Any

from bots.presentation.actions import ACTIONS, Needs, label
from bots.presentation.compose.forms import FormSubject
from bots.presentation.interaction_router import Ask, from_menu
from bots.presentation.subject_lookup import form_about, load_form
from bots.process.thread_pools import Pool
from bots.queries.job_view import load_job_view
from bots.slack.api.request import SlackRequest, of_interaction
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.action_runner import ActionRunner
from bots.slack.listeners.dispatcher import Dispatcher, Reply
from bots.slack.listeners.form_state import FormState
from bots.slack.listeners.modals import Modals, Opening
from bots.slack.listeners.uploads import Uploads, images
from bots.slack.messages.message_lookup import MessageLookup
from bots.texts.buttons import NO_IMAGE, NOT_FROM_HERE
from studio.commands.button_ids import Action
from studio.commands.registry import execute
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.domain.provenance import Traces
from studio.domain.requests import Source
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
}


class Shortcuts(SlackComponent):
    def __init__(
        self,
        context: SlackContext,
        dispatcher: Dispatcher,
        modals: Modals,
        actions: ActionRunner,
        uploads: Uploads,
    ) -> None:
        super().__init__(context)
        self._dispatcher = dispatcher
        self._modals = modals
        self._actions = actions
        self._uploads = uploads
        self._finder = MessageLookup(context)

    async def anywhere(self, body: Mapping[str, Any]) -> None:
        await self._modals.ask_imagine(of_interaction(body))

    async def on_message(self, body: Mapping[str, Any]) -> None:
        request, message = of_interaction(body), body["message"]
        action = ENTRIES[body["callback_id"]]

        async def find(call: Call) -> Opening:
            return await self._opening(request, action, message, call)

        async def work(call: Call) -> Reply:
            return await self._carry_out(request, action, message, call)

        if ACTIONS[action].needs is Needs.FORM:
            await self._modals.open(request, label(action, single=True), find)
        else:
            await self._dispatcher.serve(request, work)

    async def _carry_out(
        self, request: SlackRequest, action: Action, message: Mapping[str, Any], call: Call
    ) -> Reply:
        found = await self._found(request, message, call)
        if found is None:
            return await self._on_upload(request, action, message, call)
        step = from_menu(action, *found)
        return await self._actions.carry_out(request, step, call)

    async def _on_upload(
        self, request: SlackRequest, action: Action, message: Mapping[str, Any], call: Call
    ) -> Answer:
        """Somebody's image: who made it, or what comes of it."""
        if action is Action.WHO:
            traces = await self._uploads.look_at(request, _image(message), call.person)
            return await self._execute(call, "whose", traces)
        return await self._execute(call, str(action), await self._accept(request, call, message))

    async def _execute(self, call: Call, command: str, image: Source | Traces) -> Answer:
        return await self._pools.run(Pool.COMMANDS, execute, self._ports, call, command, {"image": image})

    async def _opening(
        self, request: SlackRequest, action: Action, message: Mapping[str, Any], call: Call
    ) -> Opening:
        found = await self._found(request, message, call)
        if found is not None:
            step = from_menu(action, *found)
            if not isinstance(step, Ask):
                raise TypeError("the action opens no form")
            form = await self._pools.run(
                Pool.COMMANDS, load_form, self._ports, step, call.person, channel=request.channel
            )
            return self._modals.opening(request, form)
        if action is Action.REPORT:
            raise BadRequestError(NOT_FROM_HERE)
        image = await self._accept(request, call, message)
        state = FormState(channel=request.channel, thread=request.thread, image=image)
        return Opening(form=form_about(action, FormSubject(about="", key=image.key)), state=state)

    async def _accept(self, request: SlackRequest, call: Call, message: Mapping[str, Any]) -> Source:
        """Accepted like an upload of the person who asks."""
        return await self._uploads.take_in(request, _image(message), call.person)

    async def _found(
        self, request: SlackRequest, message: Mapping[str, Any], call: Call
    ) -> tuple[str, Sequence[int]] | None:
        """The job that a message shows, and the numbers of the pictures that are there, at least one.

        None for other people's messages.
        """
        shown = await self._finder.in_message(request.channel, message)
        if shown is None:
            return None
        job_view = await self._pools.run(
            Pool.COMMANDS, load_job_view, self._ports.database, shown.job_id, viewer=call.person
        )
        return shown.job_id, shown.numbers(job_view)


def _image(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises `BadRequestError`."""
    files = images(message)
    if not files:
        raise BadRequestError(NO_IMAGE)
    return files[0]
