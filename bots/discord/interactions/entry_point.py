"""The command that starts the Activity. Discord itself answers it: no interaction reaches the bot.

discord.py has no class for commands of this type. An application with an Activity has to name the command whenever it
registers its commands, or Discord refuses all of them (error 50240).
"""

from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands

from bots.discord.texts import texts
from bots.texts.languages.readers import reading_in
from bots.texts.translation import translate
from studio.domain.settings.languages import Language, read_language

# Numbers of Discord's: https://docs.discord.com/developers/interactions/application-commands
_PRIMARY_ENTRY_POINT = 4
_DISCORD_LAUNCH_ACTIVITY = 2
_IN_SERVERS = [0]  # GUILD_INSTALL among the installations, GUILD among the contexts


def entry_point() -> dict[str, Any]:
    """The command as Discord's API takes it: in the servers of the bot only, since elsewhere there is no community."""
    name, names = _wordings(lambda: translate(texts.LAUNCH))
    description, descriptions = _wordings(lambda: translate(texts.LAUNCH_DESCRIPTION))
    return {
        "type": _PRIMARY_ENTRY_POINT,
        "handler": _DISCORD_LAUNCH_ACTIVITY,
        "name": name,
        "name_localizations": names,
        "description": description,
        "description_localizations": descriptions,
        "integration_types": _IN_SERVERS,
        "contexts": _IN_SERVERS,
    }


async def register_with_entry_point(tree: app_commands.CommandTree[Any]) -> None:
    """As `CommandTree.sync`. Raises `discord.HTTPException`."""
    translator, application = tree.translator, tree.client.application_id
    assert translator and application  # noqa: S101, PT018 - known from the login on
    payload = [await command.get_translated_payload(tree, translator) for command in tree.get_commands()]
    await tree.client.http.bulk_upsert_global_commands(application, payload=[*payload, entry_point()])


def _wordings(say: Callable[[], str]) -> tuple[str, dict[str, str]]:
    """In English, and where it differs by Discord's locale."""
    with reading_in(Language.ENGLISH):
        english = say()
    found = {}
    for locale in discord.Locale:
        if language := read_language(locale.value):
            with reading_in(language):
                if (text := say()) != english:
                    found[locale.value] = text
    return english, found
