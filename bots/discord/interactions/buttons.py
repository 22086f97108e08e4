"""Presses of buttons and menus. All state is in their ids, so any process can serve any of them, at any time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import discord

from bots.discord.interactions.dispatcher import Dispatcher, Handler
from bots.discord.interactions.modals import OPENER, Modals
from bots.discord.messages.answers import send_private
from bots.discord.render import CONFIRM, SELECT
from bots.presentation.compose.picture_choice import compose_confirmation
from bots.presentation.interaction_router import PRESS_PREFIXES, Ask, Run, Step, parse_press, route_button
from studio.commands.button_ids import VERSION, Action
from studio.parsing.grid_regions import is_cell

_SAME_CLICK_SECONDS = 2.0
_CELLS = "c1s"  # a menu of cells under the lettered grid, in messages of earlier versions


class Buttons(Handler):
    """Methods raise a `ChatelierError` before an interaction is acknowledged."""

    def __init__(self, dispatcher: Dispatcher, modals: Modals) -> None:
        super().__init__(dispatcher)
        self.modals = modals

    async def handle_press(self, interaction: discord.Interaction) -> None:
        """Any component; called for every one that is used."""
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        prefix, _, rest = custom_id.partition(":")
        if prefix == CONFIRM:
            await send_private(interaction, compose_confirmation(parse_press(f"{VERSION}:{rest}")))
        elif prefix == OPENER:
            await self.modals.open_from(interaction, rest)
        elif prefix == _CELLS:
            cells = sorted(cell for cell in data.get("values", ()) if is_cell(str(cell)))
            await self.modals.open_from(interaction, f"{Action.EDIT}:{rest}", region=",".join(cells))
        elif prefix == SELECT:
            await self._press(interaction, str(next(iter(data.get("values", ())), "")))
        elif prefix in PRESS_PREFIXES:
            await self._press(interaction, custom_id)

    async def _press(self, interaction: discord.Interaction, custom_id: str) -> None:
        button = parse_press(custom_id)
        click = (interaction.message and interaction.message.id, interaction.user.id, str(button))
        fresh = f"discord:{interaction.id}"
        key = self._dispatcher.clicks.key_of(click, fresh=fresh, within_seconds=_SAME_CLICK_SECONDS)
        await self.follow(interaction, route_button(button), key=key)

    async def follow(self, interaction: discord.Interaction, step: Step, *, key: str | None = None) -> None:
        """What the router decided."""
        if isinstance(step, Ask):
            await self.modals.ask(interaction, step)
        elif isinstance(step, Run):
            await self._dispatcher.run(interaction, step, key=key)
        else:
            operation = partial(self._runner.carry_out, step)
            await self._dispatcher.serve(interaction, operation, public=False)
