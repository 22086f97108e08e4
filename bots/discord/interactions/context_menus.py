"""Context menus on messages that show an image: ours, or anybody's."""

import asyncio
from dataclasses import replace
from functools import partial

import discord
from discord import app_commands

from bots.discord.guilds.members import call_of
from bots.discord.guilds.permissions import availability
from bots.discord.guilds.uploads import PENDING_UPLOAD, first_image
from bots.discord.interactions.buttons import Buttons
from bots.discord.interactions.dispatcher import Dispatcher, Handler
from bots.discord.messages.answers import private_refusal
from bots.discord.messages.message_lookup import find_shown_in, is_own
from bots.interactions.step_runner import Fetch
from bots.presentation.actions import ACTIONS, Needs
from bots.presentation.interaction_router import MENU, Step, require_foreign, route_foreign
from studio.commands.button_ids import Action
from studio.commands.spec import Call
from studio.errors import BadRequestError, DatabaseUnavailableError

_LOOK_UP_SECONDS = 1.0


class ContextMenus(Handler):
    """Methods raise a `ChatelierError` before an interaction is acknowledged."""

    def __init__(self, dispatcher: Dispatcher, presses: Buttons) -> None:
        super().__init__(dispatcher)
        self._presses = presses

    def build(self, tree: app_commands.CommandTree) -> None:
        """The library stops at five, which was Discord's limit once; Discord takes fifteen today."""
        for name, action in MENU.items():
            if action is Action.DESCRIBE and self._context.ports.captioner is None:
                continue
            menu = self._menu(name, action)
            tree._context_menus[menu.name, None, menu.type.value] = menu

    def _menu(self, name: str, action: Action) -> app_commands.ContextMenu:
        async def serve(interaction: discord.Interaction, message: discord.Message) -> None:
            async with private_refusal(interaction):
                await self.handle_choice(interaction, message, action)

        by_people = self._context.settings.user_install
        return app_commands.ContextMenu(name=name, callback=serve, **availability(by_people=by_people))

    async def handle_choice(
        self, interaction: discord.Interaction, message: discord.Message, action: Action
    ) -> None:
        if is_own(self._context, message):
            await self._presses.follow(interaction, await self._step(interaction, message, action))
            return
        attachment = require_foreign(action, first_image(message))
        image = partial(self._context.downloads.download, attachment)
        if ACTIONS[action].needs is Needs.FORM:
            operation = partial(self._show_form, interaction, action, image)
            await self._dispatcher.serve(interaction, operation, public=False)
            return
        run = route_foreign(action)
        checked = replace(run, values={"image": PENDING_UPLOAD}) if run.public else run
        complete = partial(self._runner.with_image, run, image)
        await self._dispatcher.run(interaction, checked, complete=complete)

    async def _step(self, interaction: discord.Interaction, message: discord.Message, action: Action) -> Step:
        """What follows for a message of ours. A first answer may not take long, so in doubt one asks which picture."""
        call = call_of(interaction, self._context.settings)
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                shown = await find_shown_in(self._context, message)
                if shown is None:
                    raise BadRequestError("no_image")
                return await self._runner.follow_menu(action, shown, call)
        except TimeoutError:
            raise DatabaseUnavailableError from None

    async def _show_form(
        self, interaction: discord.Interaction, action: Action, image: Fetch, call: Call
    ) -> None:
        form = await self._runner.take_in_form(action, image, call)
        await self._presses.modals.show_opener(interaction, action, form, call)
