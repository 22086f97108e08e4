"""Reactions on the face's own messages, old ones too: raw events, because no message needs to be cached."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import discord

from bots.delivery.job_view import has_star, known_name, load_job_view
from bots.delivery.message_lookup import ShownPictures, find_soon
from bots.discord.context import DiscordClient
from bots.discord.guilds.dm_context import in_home_community
from bots.discord.guilds.members import community_of, is_private, moderates, parent_of, person_of
from bots.discord.interactions.click_dedup import ClickDedup
from bots.discord.messages.message_lookup import find_shown_by_id
from bots.discord.texts import texts
from bots.runtime.error_reports import report_error
from bots.runtime.thread_pools import Pool
from bots.texts.answers import filed
from studio.commands.button_ids import Action
from studio.commands.registry import REACTIONS, execute_button
from studio.commands.results import Accepted, ReportFiled
from studio.commands.spec import Call
from studio.domain.people import Address, Person, Platform
from studio.errors import ChatelierError, NotFoundError
from studio.runtime.clock import now

_SAME_CLICK_SECONDS = 10.0
LETTER = "✉"  # into my direct messages, please
_VARIATION_SELECTOR = "\ufe0f"  # some clients send it, some do not

log = logging.getLogger(__name__)

Deed = Callable[[discord.RawReactionActionEvent, ShownPictures, Call], Awaitable[None]]


def _bare(emoji: str) -> str:
    return emoji.replace(_VARIATION_SELECTOR, "")


MEANINGS: Mapping[str, tuple[Action, int]] = {_bare(emoji): deed for emoji, deed in REACTIONS.items()}


class Reactions:
    def __init__(self, bot: DiscordClient) -> None:
        self._bot = bot
        self._clicks = ClickDedup(moment_seconds=_SAME_CLICK_SECONDS)

    async def added(self, event: discord.RawReactionActionEvent) -> None:
        if event.member and event.member.bot:
            return
        if self._bot.user and event.message_author_id not in (None, self._bot.user.id):
            return
        if event.emoji.id is None and _bare(event.emoji.name) == LETTER:
            await self._guarded(event, self._send_home)
        elif meaning := self._meaning(event):
            await self._guarded(event, partial(self._press, meaning=meaning, given=True))

    async def removed(self, event: discord.RawReactionActionEvent) -> None:
        """Only a star can be taken back; what is painted is painted."""
        meaning = self._meaning(event)
        if meaning is not None and meaning[0] is Action.STAR:
            await self._guarded(event, partial(self._press, meaning=meaning, given=False))

    def _meaning(self, event: discord.RawReactionActionEvent) -> tuple[Action, int] | None:
        if event.emoji.id is not None or (self._bot.user and event.user_id == self._bot.user.id):
            return None
        return MEANINGS.get(_bare(event.emoji.name))

    async def _guarded(self, event: discord.RawReactionActionEvent, deed: Deed) -> None:
        """Do the deed for what the message shows. Never raises."""
        bot = self._bot
        try:
            shown = await self._shown(event)
            person = await self._person(event) if shown else None
            if shown and person:
                call = await in_home_community(
                    bot, self._call(event, person), shown.job_id, paints=event.guild_id is None
                )
                await deed(event, shown, call)
        except NotFoundError:
            log.debug("reaction ignored: picture not found")
        except ChatelierError as error:
            await self._explain(event.user_id, texts.sentence_of(error))
        except discord.HTTPException as error:
            log.warning("reaction not handled: status=%s", error.status)
        except Exception as error:  # noqa: BLE001 - a reaction must never end the reading of events
            report_error(error)

    async def _shown(self, event: discord.RawReactionActionEvent) -> ShownPictures | None:
        """Raises `discord.HTTPException`."""
        find = partial(
            find_shown_by_id,
            self._bot,
            event.channel_id,
            event.message_id,
            private=event.guild_id is None,
        )
        sent_at = discord.utils.snowflake_time(event.message_id)
        return await find_soon(find, age_seconds=(now() - sent_at).total_seconds())

    async def _press(
        self,
        event: discord.RawReactionActionEvent,
        shown: ShownPictures,
        call: Call,
        *,
        meaning: tuple[Action, int],
        given: bool,
    ) -> None:
        bot, button = self._bot, shown.meant_by(*meaning)
        if button is None:
            return
        if button.action is Action.STAR:
            starred = await bot.pools.run(
                Pool.COMMANDS, has_star, bot.ports.database, button.picture_id or "", call.person.key
            )
            if starred == given:
                return
        answer = await bot.pools.run(Pool.COMMANDS, execute_button, bot.ports, call, button)
        if isinstance(answer, Accepted) and not answer.repeated:
            await bot.job_messages.pin(answer.job_id)
        elif isinstance(answer, ReportFiled):
            await self._explain(event.user_id, filed(answer))

    async def _send_home(
        self, event: discord.RawReactionActionEvent, shown: ShownPictures, call: Call
    ) -> None:
        """The pictures and their recipe, into the person's direct messages."""
        bot = self._bot
        job_view = await bot.pools.run(
            Pool.COMMANDS, load_job_view, bot.ports.database, shown.job_id, viewer=call.person
        )
        if not job_view.pictures:
            return
        await bot.delivery.send_home(job_view, str(event.user_id))

    def _call(self, event: discord.RawReactionActionEvent, person: Person) -> Call:
        """A reaction has no id: one of the same person on the same message within ten seconds is the same."""
        emoji = _bare(event.emoji.name)
        fresh = f"discord:{event.message_id}:{event.user_id}:{emoji}:{time.time_ns()}"
        key = self._clicks.key_of(event.message_id, event.user_id, emoji, fresh=fresh)
        channel = self._bot.get_channel(event.channel_id)
        address = Address(
            platform=Platform.DISCORD,
            community=person.community,
            channel=str(event.channel_id),
            parent=parent_of(channel),
            private=is_private(channel),
        )
        return Call(person=person, address=address, request_key=key)

    async def _person(self, event: discord.RawReactionActionEvent) -> Person | None:
        """None for bots. A reaction that is taken away does not say whose it was but by id."""
        bot = self._bot
        community = community_of(event.guild_id, event.user_id)
        guild = bot.get_guild(event.guild_id) if event.guild_id else None
        user = event.member or (guild and guild.get_member(event.user_id)) or bot.get_user(event.user_id)
        if user is not None:
            if user.bot:
                return None
            return person_of(user, community, moderates=moderates(user, bot.settings))
        person = Person(
            platform=Platform.DISCORD, community=community, user_id=str(event.user_id), display_name=""
        )
        name = await bot.pools.run(Pool.COMMANDS, known_name, bot.ports.database, person.key)
        if name is None:
            fetched = await bot.fetch_user(event.user_id)
            return None if fetched.bot else person_of(fetched, community, moderates=False)
        return Person(
            platform=Platform.DISCORD, community=community, user_id=str(event.user_id), display_name=name
        )

    async def _explain(self, user_id: int, sentence: str) -> None:
        """There is no private answer to a reaction in a channel, so it goes into the person's DMs."""
        try:
            channel = await self._bot.create_dm(discord.Object(user_id))
            await channel.send(sentence, allowed_mentions=discord.AllowedMentions.none())
        except discord.HTTPException:
            log.debug("direct message not sent: recipient unreachable")
