"""In which language people on Discord are answered."""

import discord

from bots.discord.context import DiscordContext
from bots.discord.guilds.members import community_at
from studio.domain.people import Person, Platform


async def adopt_language(context: DiscordContext, interaction: discord.Interaction) -> None:
    """The running task speaks to the person from here on. Discord says their language with each interaction.

    What everybody reads is in the server's language, which is noted. Never raises.
    """
    community = community_at(interaction)
    if community.isdecimal() and interaction.guild_locale:
        await context.languages.note_server(Platform.DISCORD, community, str(interaction.guild_locale))
    key = Person.key_of(Platform.DISCORD, community, str(interaction.user.id))
    await context.languages.adopt(key, str(interaction.locale))


async def adopt_known_language(context: DiscordContext, person: Person) -> None:
    """The same after an event with which Discord says nothing of their language. Never raises."""
    await context.languages.adopt(person.key)
