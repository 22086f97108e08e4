"""Context menus on messages that show an image: ours, or anybody's."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bots import words as house
from bots.discord import words
from bots.discord.buttons import choice_of_tiles
from bots.discord.counter import say
from bots.discord.slash import CONTEXTS, INSTALLS
from bots.discord.uploads import first_image, look_at, take_in
from bots.standings import Standing, job_of_message, load_family, load_standing, picture_at
from studio.buttons import Action
from studio.catalog import perform
from studio.commands.answers import Answer
from studio.commands.spec import Call
from studio.errors import BadImage, BadRequest
from studio.people import Platform

if TYPE_CHECKING:
    from bots.discord.bot import Bot

_DEEDS = {
    house.MENU_VARY: Action.VARY,
    house.MENU_EDIT: Action.EDIT,
    house.MENU_EXPAND: Action.EXPAND,
    house.MENU_UPSCALE: Action.UPSCALE,
}


def build_menus(tree: "app_commands.CommandTree[Bot]") -> None:
    """Six of them. The library stops at five, which was Discord's limit once; Discord takes fifteen today."""
    menus = [_menu(name, _deed(action)) for name, action in _DEEDS.items()]
    menus += [_menu(house.MENU_WHO, who_made_this), _menu(house.MENU_REPORT, report)]
    for menu in menus:
        tree._context_menus[menu.name, None, menu.type.value] = menu


def _menu(name: str, callback: Callable[..., Awaitable[None]]) -> app_commands.ContextMenu:
    async def serve(interaction: discord.Interaction, message: discord.Message) -> None:
        await callback(interaction, message)

    return app_commands.ContextMenu(
        name=name, callback=serve, allowed_contexts=CONTEXTS, allowed_installs=INSTALLS
    )


def _deed(action: Action) -> Callable[..., Awaitable[None]]:
    async def serve(interaction: "discord.Interaction[Bot]", message: discord.Message) -> None:
        bot = interaction.client
        ours = _is_ours(bot, message)
        if not ours and first_image(message) is None:
            await say(interaction, house.NO_IMAGE)
        elif ours:
            await _on_ours(interaction, message, action)
        else:
            await _on_foreign(interaction, message, action)

    return serve


async def _on_ours(interaction: "discord.Interaction[Bot]", message: discord.Message, action: Action) -> None:
    """A message that shows a job: its picture, or a choice of its pictures."""
    bot = interaction.client

    async def work(call: Call) -> Answer | str:
        standing = await _standing_of(bot, message, call)
        indices = [picture.index for picture in standing.pictures]
        if action is Action.EDIT and len(indices) == 1:
            picture = picture_at(standing, indices[0])
            await bot.forms.send_overlay(interaction, picture.key, picture.id, picture.recipe.prompt)
            return ""
        await interaction.edit_original_response(
            content=house.WHICH_PICTURE, view=choice_of_tiles(action, standing.job.id, indices)
        )
        return ""

    await bot.counter.serve(interaction, work, public=False)


async def _on_foreign(
    interaction: "discord.Interaction[Bot]", message: discord.Message, action: Action
) -> None:
    """Somebody's image: taken in like an upload of the person who asks."""
    bot = interaction.client

    async def work(call: Call) -> Answer | str:
        attachment = first_image(message)
        if attachment is None:
            raise BadImage(house.NOT_AN_IMAGE)
        source = await take_in(attachment, call.person, bot.ports, bot.backroom, bot.settings)
        if action is Action.EDIT:
            ticket = bot.tray.keep(source, call.person)
            await bot.forms.send_overlay(interaction, source.key, ticket, "")
            return ""
        return await bot.backroom.run("desk", perform, bot.ports, call, str(action), {"image": source})

    await bot.counter.serve(interaction, work, public=action is not Action.EDIT)


async def who_made_this(interaction: "discord.Interaction[Bot]", message: discord.Message) -> None:
    """The family of a picture of ours; what the file itself tells of anybody else's."""
    bot = interaction.client

    async def work(call: Call) -> Answer | str:
        attachment = first_image(message)
        if attachment is not None and not _is_ours(bot, message):
            traces = await look_at(attachment, call.person, bot.ports, bot.backroom, bot.settings)
            return await bot.backroom.run("desk", perform, bot.ports, call, "whose", {"image": traces})
        standing = await _standing_of(bot, message, call)
        first = standing.pictures[0].id
        job, picture, ancestors = await bot.backroom.run(
            "desk", load_family, bot.ports.database, first, call.person
        )
        return words.family(job, picture, ancestors)

    await bot.counter.serve(interaction, work, public=False)


async def report(interaction: "discord.Interaction[Bot]", message: discord.Message) -> None:
    """A choice of the message's pictures; what is wrong is asked then."""
    bot = interaction.client

    async def work(call: Call) -> str:
        standing = await _standing_of(bot, message, call)
        await interaction.edit_original_response(
            content=house.WHICH_PICTURE,
            view=choice_of_tiles(
                Action.REPORT, standing.job.id, [picture.index for picture in standing.pictures]
            ),
        )
        return ""

    await bot.counter.serve(interaction, work, public=False)


def _is_ours(bot: "Bot", message: discord.Message) -> bool:
    return message.author.id == bot.application_id or (
        bot.user is not None and message.author.id == bot.user.id
    )


async def _standing_of(bot: "Bot", message: discord.Message, call: Call) -> Standing:
    """The job that a message shows, with at least one picture. Raises `BadRequest`."""
    job_id = await bot.backroom.run(
        "desk", job_of_message, bot.ports.database, Platform.DISCORD, str(message.id)
    )
    if job_id is None:
        raise BadRequest(house.NOT_FROM_HERE)
    standing = await bot.backroom.run("desk", load_standing, bot.ports.database, job_id, viewer=call.person)
    if not standing.pictures:
        raise BadRequest(house.ALL_DELETED if standing.job.state.ended else house.NO_IMAGE)
    return standing
