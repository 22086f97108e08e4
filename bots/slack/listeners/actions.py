"""Buttons and menus. All state is in their ids, so any process serves any of them, at any time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.interactions.step_runner import Result
from bots.presentation.interaction_router import Ask, parse_press, route_button
from bots.slack.api.request import of_interaction
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.home_tab import HomeTab
from bots.slack.listeners.listener import Listener
from bots.slack.listeners.modals import Modals
from studio.commands.button_ids import Action, Button
from studio.commands.spec import Call
from studio.errors import BadRequestError


class ActionListener(Listener):
    def __init__(self, dispatcher: Dispatcher, modals: Modals, home: HomeTab) -> None:
        super().__init__(dispatcher)
        self._modals = modals
        self._home = home

    async def handle_press(self, body: Mapping[str, Any]) -> None:
        """A button, a menu whose options are buttons, or a button for good or not good."""
        element: Mapping[str, Any] = body["actions"][0]
        is_feedback = element.get("type") == "feedback_buttons"
        chosen: Mapping[str, Any] = element if is_feedback else element.get("selected_option") or {}
        button = parse_press(str(chosen.get("value") or element.get("action_id", "")))
        request, step = of_interaction(body), route_button(button) if button else None
        if isinstance(step, Ask) and not is_feedback:
            await self._modals.ask(request, step)
        else:
            await self._dispatcher.serve(request, partial(self._carry_out, button, is_feedback))
        view: Mapping[str, Any] = body.get("view") or {}
        if view.get("type") == "home":  # what it lists has changed
            await self._home.show(request)

    async def _carry_out(self, button: Button | None, is_feedback: bool, call: Call) -> Result:
        if button is None:
            raise BadRequestError("button_unknown")
        if is_feedback:
            return await self._runner.judge(button, call, good=button.action is Action.STAR)
        return await self._runner.carry_out(route_button(button), call)
