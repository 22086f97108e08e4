"""Context menus on messages that show an image: ours, or anybody's."""

import asyncio
from collections.abc import Awaitable, Callable

import discord
from discord import app_commands

from bots.delivery.job_view import load_family, load_job_view
from bots.discord.context import DiscordClient
from bots.discord.guilds.dm_context import in_home_community
from bots.discord.guilds.members import call_of
from bots.discord.guilds.uploads import examine_attachment, first_image, store_attachment
from bots.discord.interactions.dispatcher import send_private
from bots.discord.interactions.slash_commands import CONTEXTS, INSTALLS
from bots.discord.messages.components import choice_of_tiles
from bots.discord.messages.message_lookup import find_shown_in, is_own
from bots.discord.texts import texts
from bots.runtime.thread_pools import Pool
from bots.texts import chat
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.domain.identifiers import picture_id
from studio.errors import BadImageError, BadRequestError, ChatelierError

_LOOK_UP_SECONDS = 1.0
_DEEDS = {
    chat.MENU_VARY: Action.VARY,
    chat.MENU_EDIT: Action.EDIT,
    chat.MENU_EXPAND: Action.EXPAND,
    chat.MENU_UPSCALE: Action.UPSCALE,
}


def build_menus(tree: app_commands.CommandTree[DiscordClient]) -> None:
    """Six of them. The library stops at five, which was Discord's limit once; Discord takes fifteen today."""
    menus = [_menu(name, _deed(action)) for name, action in _DEEDS.items()]
    menus += [_menu(chat.MENU_WHO, who_made_this), _menu(chat.MENU_REPORT, report)]
    for menu in menus:
        tree._context_menus[menu.name, None, menu.type.value] = menu


def _menu(name: str, callback: Callable[..., Awaitable[None]]) -> app_commands.ContextMenu:
    async def serve(interaction: discord.Interaction, message: discord.Message) -> None:
        await callback(interaction, message)

    return app_commands.ContextMenu(
        name=name, callback=serve, allowed_contexts=CONTEXTS, allowed_installs=INSTALLS
    )


def _deed(action: Action) -> Callable[..., Awaitable[None]]:
    async def serve(interaction: discord.Interaction[DiscordClient], message: discord.Message) -> None:
        bot = interaction.client
        ours = is_own(bot, message)
        if not ours and first_image(message) is None:
            await send_private(interaction, chat.NO_IMAGE)
        elif ours:
            await _on_ours(interaction, message, action)
        else:
            await _on_foreign(interaction, message, action)

    return serve


async def _on_ours(
    interaction: discord.Interaction[DiscordClient], message: discord.Message, action: Action
) -> None:
    """A message that shows a job: as if the button of its picture were pressed, or a choice of its pictures."""
    bot = interaction.client
    button = await _only_button(interaction, message, action)
    if button is not None:
        await bot.dispatcher.handle_button(interaction, button)
        return

    async def work(call: Call) -> str:
        job_id, numbers = await _found(bot, message, call)
        await interaction.edit_original_response(
            content=chat.WHICH_PICTURE, view=choice_of_tiles(action, job_id, numbers)
        )
        return ""

    await bot.dispatcher.serve(interaction, work, public=False)


async def _only_button(
    interaction: discord.Interaction[DiscordClient], message: discord.Message, action: Action
) -> Button | None:
    """When the message shows one picture. A first answer may not take long, so otherwise, and in doubt, one asks."""
    bot = interaction.client
    try:
        async with asyncio.timeout(_LOOK_UP_SECONDS):
            job_id, numbers = await _found(bot, message, call_of(interaction, bot.settings))
    except (ChatelierError, TimeoutError):
        return None
    return Button(action=action, job_id=job_id, index=numbers[0]) if len(numbers) == 1 else None


async def _on_foreign(
    interaction: discord.Interaction[DiscordClient], message: discord.Message, action: Action
) -> None:
    """Somebody's image: taken in like an upload of the person who asks."""
    bot = interaction.client

    async def work(call: Call) -> Answer | str:
        attachment = first_image(message)
        if attachment is None:
            raise BadImageError(chat.NOT_AN_IMAGE)
        source = await store_attachment(attachment, call.person, bot.ports, bot.pools, bot.downloads)
        if action is Action.EDIT:
            ticket = bot.pending_uploads.keep(source, call.person)
            await bot.modals.send_overlay(interaction, source.key, ticket, "")
            return ""
        return await bot.pools.run(Pool.COMMANDS, execute, bot.ports, call, str(action), {"image": source})

    await bot.dispatcher.serve(interaction, work, public=action is not Action.EDIT)


async def who_made_this(interaction: discord.Interaction[DiscordClient], message: discord.Message) -> None:
    """The family of a picture of ours; what the file itself tells of anybody else's."""
    bot = interaction.client

    async def work(call: Call) -> Answer | str:
        attachment = first_image(message)
        if attachment is not None and not is_own(bot, message):
            traces = await examine_attachment(attachment, call.person, bot.ports, bot.pools, bot.downloads)
            return await bot.pools.run(Pool.COMMANDS, execute, bot.ports, call, "whose", {"image": traces})
        job_id, numbers = await _found(bot, message, call)
        first = picture_id(job_id, numbers[0])
        viewer = await in_home_community(bot, call, first, paints=False)
        job, picture, ancestors = await bot.pools.run(
            Pool.COMMANDS,
            load_family,
            bot.ports.database,
            first,
            viewer.person,
            channel=viewer.address.channel,
        )
        return texts.family(job, picture, ancestors)

    await bot.dispatcher.serve(interaction, work, public=False)


async def report(interaction: discord.Interaction[DiscordClient], message: discord.Message) -> None:
    """Which of the message's pictures; what is wrong is asked then."""
    await _on_ours(interaction, message, Action.REPORT)


async def _found(bot: DiscordClient, message: discord.Message, call: Call) -> tuple[str, list[int]]:
    """The job that a message shows, and the numbers of the pictures shown, at least one. Raises `BadRequestError`."""
    shown = await find_shown_in(bot, message)
    if shown is None:
        raise BadRequestError(chat.NOT_FROM_HERE if first_image(message) else chat.NO_IMAGE)
    viewer = (await in_home_community(bot, call, shown.job_id, paints=False)).person
    job_view = await bot.pools.run(
        Pool.COMMANDS, load_job_view, bot.ports.database, shown.job_id, viewer=viewer
    )
    return job_view.job.id, shown.numbers(job_view)
