"""Buttons and menus. All state is in their ids, so any process serves any of them, at any time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.presentation.interaction_router import Ask, parse_press, route_button
from bots.slack.api.request import of_interaction
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.home_tab import HomeTab
from bots.slack.listeners.listener import Listener
from bots.slack.listeners.modals import Modals
from studio.commands.button_ids import Action
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
        request = of_interaction(body)
        try:
            button = parse_press(str(chosen.get("value") or element.get("action_id", "")))
        except BadRequestError as error:
            await self._people.adopt_language(request)
            await self._dispatcher.refuse(request, error)
            return
        step = route_button(button)
        if is_feedback:
            judge = partial(self._runner.judge, button, good=button.action is Action.STAR)
            await self._dispatcher.serve(request, judge)
        elif isinstance(step, Ask):
            await self._modals.ask(request, step)
        else:
            await self._dispatcher.serve(request, partial(self._runner.carry_out, step))
        view: Mapping[str, Any] = body.get("view") or {}
        if view.get("type") == "home":  # what it lists has changed
            await self._home.show(request)
