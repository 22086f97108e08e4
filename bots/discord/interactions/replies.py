"""Replies with words to a result: its picture is edited, or painted again, as they say.

A prompt helper's new prompt is shown in a reply, and only its person may press it.

A reply that mentions the bot comes with its words without any privileged intent, but opens no form.
"""

import re
from functools import partial

import discord

from bots.discord.guilds.members import call_at, community_of, moderates, person_of
from bots.discord.guilds.readers import adopt_known_language
from bots.discord.interactions.dispatcher import Handler
from bots.discord.messages.answers import direct_refusal
from bots.discord.messages.message_lookup import find_shown_in
from bots.discord.render import send_arguments
from studio.commands.spec import Call


class Replies(Handler):
    async def handle(self, message: discord.Message) -> None:
        """Never raises. What went wrong is said by direct message."""
        words, reference = self._words_of(message), message.reference
        if not words or reference is None or reference.message_id is None:
            return
        async with direct_refusal(self._context, message.author.id, "reply"):
            channel = self._context.client.get_partial_messageable(
                reference.channel_id, guild_id=reference.guild_id
            )
            await self._follow(message, words, channel.get_partial_message(reference.message_id))

    def _words_of(self, message: discord.Message) -> str:
        """Empty where the message does not mention the bot, or is not by a person."""
        user = self._context.client.user
        if user is None or message.author.bot or user.id not in (person.id for person in message.mentions):
            return ""
        return re.sub(rf"<@!?{user.id}>", " ", message.content).strip()

    async def _follow(self, message: discord.Message, words: str, replied: discord.PartialMessage) -> None:
        shown = await find_shown_in(self._context, replied)
        if shown is None:
            return
        call = self._call_of(message)
        await adopt_known_language(self._context, call.person)
        result = await self._runner.follow_words(shown, words, call)
        reply = partial(message.reply, mention_author=False)
        await self._runner.answer(result, call, lambda answer: reply(**send_arguments(answer.message, {})))

    def _call_of(self, message: discord.Message) -> Call:
        """The message's id is the key: it may come to several processes, and one job comes of it."""
        community = community_of(message.guild.id if message.guild else None, message.author.id)
        moderator = moderates(message.author, self._context.settings)
        person = person_of(message.author, community, moderates=moderator)
        return call_at(message.channel.id, message.channel, person, key=f"discord:{message.id}")
