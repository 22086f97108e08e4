"""/help, which describes the commands."""

from typing import Any

import discord
from discord import app_commands

from bots.discord.context import DiscordContext
from bots.discord.guilds.members import call_of
from bots.discord.guilds.permissions import CONTEXTS, INSTALLS
from bots.discord.messages.answers import private_refusal, send_private
from bots.discord.texts import texts
from bots.presentation.compose.help import TOGETHER, commands_for, help_about
from bots.texts.translation import translate
from studio.commands.submission.known_names import default_note

_MOST_SUGGESTIONS = 25


def help_command(context: DiscordContext) -> app_commands.Command[Any, Any, None]:
    async def help_(interaction: discord.Interaction, command: str | None = None) -> None:
        moderates = call_of(interaction, context.settings).person.moderates
        async with private_refusal(interaction):
            note = default_note(context.ports)
            await send_private(interaction, help_about(command, moderates=moderates, note=note))

    async def suggest(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        wanted = typed.strip().lstrip("/").lower()
        moderates = call_of(interaction, context.settings).person.moderates
        known = [*(spec.name for spec in commands_for(moderates=moderates)), TOGETHER]
        names = [name for name in known if wanted in name]
        return [app_commands.Choice(name=f"/{name}", value=name) for name in names[:_MOST_SUGGESTIONS]]

    help_.__annotations__ = {"interaction": discord.Interaction, "command": str | None}
    made: app_commands.Command[Any, Any, None] = app_commands.Command(
        name="help",
        description=translate(texts.HELP_SUMMARY),
        callback=app_commands.describe(command=translate(texts.HELP_COMMAND))(help_),
        allowed_contexts=CONTEXTS,
        allowed_installs=INSTALLS,
    )
    made.autocomplete("command")(suggest)
    return made
