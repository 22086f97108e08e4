"""Reactions on the bot's own messages, old ones too: raw events, because no message needs to be cached."""

import time
from functools import partial

import discord

from bots.discord.guilds.members import call_at
from bots.discord.guilds.reacting_people import find_reacting_person
from bots.discord.guilds.readers import adopt_known_language
from bots.discord.interactions.dispatcher import Handler
from bots.discord.messages.answers import direct_refusal, send_direct
from bots.discord.messages.message_lookup import find_shown_in
from bots.interactions.reactions import find_button_meant
from studio.clock import now

_SAME_CLICK_SECONDS = 10.0


class Reactions(Handler):
    async def handle(self, event: discord.RawReactionActionEvent) -> None:
        """Do what a reaction means for what the message shows, or undo it. Never raises."""
        own_id = self._context.client.user.id if self._context.client.user else event.message_author_id
        by_bot = event.user_id == own_id or (event.member is not None and event.member.bot)
        if by_bot or event.message_author_id not in (None, own_id) or event.emoji.id is not None:
            return
        async with direct_refusal(self._context, event.user_id, "reaction"):
            await self._follow(event, added=event.event_type == "REACTION_ADD")

    async def _follow(self, event: discord.RawReactionActionEvent, *, added: bool) -> None:
        place = self._context.client.get_partial_messageable(event.channel_id, guild_id=event.guild_id)
        find = partial(find_shown_in, self._context, place.get_partial_message(event.message_id))
        age = now() - discord.utils.snowflake_time(event.message_id)
        found = await find_button_meant(event.emoji.name, find, added=added, age_seconds=age.total_seconds())
        person = await find_reacting_person(self._context, event) if found else None
        if found is None or person is None:
            return
        await adopt_known_language(self._context, person)
        _, button = found
        # A reaction has no id: one of the same person on the same message within ten seconds is the same.
        fresh = f"discord:{event.message_id}:{event.user_id}:{button}:{time.time_ns()}"
        what = (event.message_id, event.user_id, str(event.emoji), str(button))
        key = self._dispatcher.clicks.key_of(what, fresh=fresh, within_seconds=_SAME_CLICK_SECONDS)
        channel = self._context.client.get_channel(event.channel_id)
        call = call_at(event.channel_id, channel, person, key=key)
        result = await self._runner.react(button, call, added=added)
        tell = partial(send_direct, self._context, event.user_id)
        await self._runner.answer(result, call, lambda reply: tell(reply.message), quietly=True)
