"""Who reacts to a message, of whom an event often tells nothing but the id."""

import discord

from bots.discord.context import DiscordContext
from bots.discord.guilds.members import community_of, moderates, person_of
from bots.process.thread_pools import Pool
from bots.queries.job_view import known_name
from studio.domain.people import Person, Platform


async def find_reacting_person(
    context: DiscordContext, event: discord.RawReactionActionEvent
) -> Person | None:
    """None for bots. A reaction that is taken away does not say whose it was but by id."""
    client = context.client
    community = community_of(event.guild_id, event.user_id)
    guild = client.get_guild(event.guild_id) if event.guild_id else None
    user = event.member or (guild and guild.get_member(event.user_id)) or client.get_user(event.user_id)
    if user is not None:
        return None if user.bot else person_of(user, community, moderates=moderates(user, context.settings))
    key = Person.key_of(Platform.DISCORD, community, str(event.user_id))
    name = await context.pools.run(Pool.COMMANDS, known_name, context.ports.database, key)
    if name is None:
        fetched = await client.fetch_user(event.user_id)
        return None if fetched.bot else person_of(fetched, community, moderates=False)
    return Person(
        platform=Platform.DISCORD, community=community, user_id=str(event.user_id), display_name=name
    )
