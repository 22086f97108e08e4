"""Buttons and menus. All state is in their ids, so any process serves any of them, at any time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.presentation.interaction_router import Ask, parse_press, route_button, route_former_setting
from bots.slack.api.request import of_interaction
from bots.slack.listeners.dispatcher import Dispatcher, Work
from bots.slack.listeners.listener import Listener
from bots.slack.listeners.modals import Modals
from studio.commands.button_ids import Action
from studio.errors import BadRequestError


class ActionListener(Listener):
    def __init__(self, dispatcher: Dispatcher, modals: Modals) -> None:
        super().__init__(dispatcher)
        self._modals = modals

    async def handle_press(self, body: Mapping[str, Any]) -> None:
        """A button, a menu whose options are buttons, or a button for good or not good."""
        request = of_interaction(body)
        try:
            work = self._work_of(body["actions"][0])
        except BadRequestError as error:
            await self._dispatcher.refuse(request, error)
            return
        if isinstance(work, Ask):
            await self._modals.ask(request, work)
        else:
            await self._dispatcher.serve(request, work)

    def _work_of(self, element: Mapping[str, Any]) -> Ask | Work:
        """What is to be done, or the form to open first. Raises `BadRequestError`."""
        is_feedback = element.get("type") == "feedback_buttons"
        chosen: Mapping[str, Any] = element if is_feedback else element.get("selected_option") or {}
        action_id, value = str(element.get("action_id", "")), str(chosen.get("value") or "")
        if setting := route_former_setting(action_id, value):
            return partial(self._runner.carry_out, setting)
        button = parse_press(value or action_id)
        if is_feedback:
            return partial(self._runner.judge, button, good=button.action is Action.STAR)
        step = route_button(button)
        return step if isinstance(step, Ask) else partial(self._runner.carry_out, step)
