"""Presses of buttons and menus. All state is in their ids, so any process can serve any of them, at any time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import discord

from bots.discord.context import DiscordContext
from bots.discord.guilds.dm_context import in_home_community
from bots.discord.interactions.click_dedup import ClickDedup
from bots.discord.interactions.dispatcher import Dispatcher
from bots.discord.interactions.modals import OPENER, Modals
from bots.discord.messages.answers import Answers, send_private
from bots.discord.render import CONFIRM
from bots.presentation.actions import ACTIONS
from bots.presentation.compose.errors import compose_error
from bots.presentation.interaction_router import (
    Ask,
    Choose,
    Panel,
    Reveal,
    Run,
    Send,
    Step,
    parse_press,
    pressed,
)
from bots.presentation.message import Button, ButtonRow, Message, Note, Tone
from bots.presentation.subject_lookup import load_choice, load_panel
from bots.process.thread_pools import Pool
from bots.texts import buttons
from bots.texts.translation import translate
from studio.commands.button_ids import VERSION, parse_button
from studio.commands.button_ids import Button as ButtonId
from studio.commands.spec import Call
from studio.errors import BadRequestError
from studio.parsing.grid_regions import is_cell

_SAME_CLICK_SECONDS = 2.0
_CASE_PICTURES = "c1k"  # in messages of earlier versions
_CELLS = "c1s"  # a menu of cells under the lettered grid, in messages of earlier versions


class Buttons:
    def __init__(
        self, context: DiscordContext, dispatcher: Dispatcher, modals: Modals, answers: Answers
    ) -> None:
        self._context = context
        self._dispatcher = dispatcher
        self._modals = modals
        self._answers = answers
        self._clicks = ClickDedup(moment_seconds=_SAME_CLICK_SECONDS)

    async def pressed(self, interaction: discord.Interaction) -> None:
        """Any component; called for every one that is used."""
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        prefix, _, rest = custom_id.partition(":")
        if prefix == CONFIRM:
            await self._confirm(interaction, parse_button(f"{VERSION}:{rest}"))
        elif prefix == OPENER:
            await self._modals.open_from(interaction, rest)
        elif prefix == _CELLS:
            cells = [cell for cell in data.get("values", []) if isinstance(cell, str) and is_cell(cell)]
            await self._modals.open_edit(interaction, rest, cells)
        elif prefix in (VERSION, _CASE_PICTURES):
            await self._press(interaction, parse_press(custom_id))

    async def _confirm(self, interaction: discord.Interaction, button: ButtonId | None) -> None:
        """Discord has no question of its own before a press counts."""
        if button is None:
            await send_private(interaction, _unknown())
            return
        spec = ACTIONS[button.action]
        sure = Button(action=button.action, target=button.job_id, index=button.index, tone=spec.tone)
        message = Message(
            parts=(Note(spans=(translate(spec.confirm),), tone=Tone.WARNING),),
            rows=(ButtonRow(buttons=(sure,)),),
            tone=Tone.WARNING,
        )
        await send_private(interaction, message)

    async def _press(self, interaction: discord.Interaction, button: ButtonId | None) -> None:
        if button is None:
            await send_private(interaction, _unknown())
            return
        where = interaction.message.id if interaction.message else 0
        fresh = f"discord:{interaction.id}"
        key = self._clicks.key_of(where, interaction.user.id, str(button), fresh=fresh)
        await self.follow(interaction, pressed(button), key=key)

    async def follow(self, interaction: discord.Interaction, step: Step, *, key: str | None = None) -> None:
        """What the router decided."""
        match step:
            case Ask():
                await self._modals.ask(interaction, step)
            case Run():
                await self._dispatcher.run(interaction, step, key=key)
            case Choose() | Panel():
                await self._dispatcher.serve(interaction, partial(self._look_up, step), public=False)
            case Send():
                send = partial(self._answers.send_home, step.job_id)
                await self._dispatcher.serve(interaction, send, public=False)
            case Reveal():
                reveal = partial(self._answers.case_pictures, step.case_id)
                await self._dispatcher.serve(interaction, reveal, public=False)

    async def _look_up(self, step: Choose | Panel, call: Call) -> Message:
        """Raises `NotFoundError` and `BadRequestError`."""
        viewer = await in_home_community(self._context, call, step.job_id, paints=False)
        database, person = self._context.ports.database, viewer.person
        run = self._context.pools.run
        if isinstance(step, Choose):
            return await run(Pool.COMMANDS, load_choice, database, step, person)
        return await run(
            Pool.COMMANDS,
            load_panel,
            self._context.ports,
            step,
            person,
            channel=viewer.address.channel,
        )


def _unknown() -> Message:
    return compose_error(BadRequestError(translate(buttons.BUTTON_UNKNOWN)))
