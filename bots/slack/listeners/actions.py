"""Buttons and selects. All state is in their ids, so any process serves any of them, at any time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.delivery.case_messages import CaseMessages
from bots.runtime.thread_pools import Pool
from bots.slack.api.request import of_interaction
from bots.slack.blocks import modal_views
from bots.slack.blocks.case_blocks import WINDOW
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.home_tab import HomeTab
from bots.slack.listeners.modals import Modals
from bots.slack.messages.case_delivery import SlackCaseDelivery
from bots.texts import chat
from studio.commands.button_ids import Action, Button, parse_button
from studio.commands.registry import execute_button
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.errors import BadRequestError

_NEEDS_WORDS = frozenset({Action.REMIX, Action.EDIT, Action.EXPAND, Action.REPORT, Action.APPEAL})
_OF_ONE_PICTURE = frozenset({Action.UPSCALE, Action.STAR, Action.VARY, Action.VARY_SUBTLE})


class Clicks(SlackComponent):
    def __init__(
        self,
        context: SlackContext,
        counter: Dispatcher,
        forms: Modals,
        home: HomeTab,
        case_messages: CaseMessages,
        desk: SlackCaseDelivery,
    ) -> None:
        super().__init__(context)
        self._counter = counter
        self._forms = forms
        self._home = home
        self._case_messages = case_messages
        self._desk = desk

    async def pressed(self, body: Mapping[str, Any]) -> None:
        """A button, or the star menu whose options are buttons."""
        element: Mapping[str, Any] = body["actions"][0]
        chosen: Mapping[str, Any] = element.get("selected_option") or {}
        button = parse_button(str(chosen.get("value") or element.get("action_id", "")))
        request = of_interaction(body)

        async def work(call: Call) -> Answer | str:
            if button is None:
                raise BadRequestError(chat.BUTTON_UNKNOWN)
            return await self._pools.run(Pool.COMMANDS, execute_button, self._ports, call, button)

        if button is not None and asks(button):
            await self._forms.ask(request, button.action, partial(self._forms.matter_of, request, button))
        else:
            await self._counter.serve(request, work)
        view: Mapping[str, Any] = body.get("view") or {}
        if view.get("type") == "home":  # what it lists has changed
            await self._home.show(request)

    async def revealed(self, body: Mapping[str, Any]) -> None:
        """A moderator asks to see the pictures of a case as they are; nobody else sees them."""
        request = of_interaction(body)
        case_id = str(body["actions"][0]["action_id"]).removeprefix(WINDOW)

        async def work(call: Call) -> str:
            details = await self._case_messages.details_for(call.person, case_id)
            workspace = await self._workspaces.of(request.community)
            await self._counter.tell(request, await self._desk.revealed(details, workspace))
            return ""

        await self._counter.serve(request, work)

    async def chosen(self, body: Mapping[str, Any]) -> None:
        """Another picture was chosen in a modal: its grid takes the place of the other's."""
        view: Mapping[str, Any] = body["view"]
        if view["callback_id"] != f"{modal_views.PREFIX}edit":
            return
        request = of_interaction(body)
        picture = str(body["actions"][0]["selected_option"]["value"])
        if self._counter.is_new(request):
            await self._forms.show_grid(request, str(view["id"]), modal_views.matter_of(view), picture)


def asks(button: Button) -> bool:
    """Whether a modal must be opened before anything can be done."""
    return button.action in _NEEDS_WORDS or (button.action in _OF_ONE_PICTURE and not button.index)
