"""Brings a post to its place: by the interaction's token while it is valid, then as the bot, then as a DM."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import discord

from bots.delivery.errors import DestinationUnreachableError
from bots.discord.context import DiscordClient
from bots.discord.guilds.permissions import lacking_in
from bots.discord.messages.components import view_of
from bots.discord.messages.job_message import JobMessage
from bots.discord.texts import texts
from studio.domain.deliveries import MessageRef
from studio.domain.people import Address, Person

_TOKEN_MARGIN = timedelta(seconds=45)
_UNKNOWN_MESSAGE = 10008
_UNKNOWN_WEBHOOK = 10015
_INVALID_WEBHOOK_TOKEN = 50027
_TOO_LARGE = 40005
_ARCHIVED_THREAD = 50083
_TOO_MANY_EDITS_OF_AN_OLD_MESSAGE = 30046

log = logging.getLogger(__name__)


class MessageRejectedError(Exception):
    """Discord calls the message malformed, and would do so again. The text is its error code."""


class ThreadArchivedError(DestinationUnreachableError):
    """The thread was closed: its messages stay as they are."""


class FileTooLargeError(Exception):
    """Discord does not take a file of that size here; send a smaller one."""


class MessageSender:
    def __init__(self, bot: DiscordClient, now: Callable[[], datetime]) -> None:
        self._bot = bot
        self._now = now

    async def bring(
        self, post: JobMessage, address: Address, person: Person, message_ref: MessageRef | None
    ) -> MessageRef:
        """Show the post in the job's one message, which is made if there is none, and say where it is.

        Repeating it changes nothing: it edits the same message, and a new one carries the job as its nonce.
        Raises `FileTooLargeError`, `DestinationUnreachableError`, and `discord.HTTPException` for troubles that pass.
        """
        first = None if message_ref else acknowledging_message(address)
        if first is not None:
            try:
                return await self._change(post, address, person, first)
            except DestinationUnreachableError:
                # Nobody was ever told of the job in that message: it was taken away with a refusal
                # while the job had been accepted after all, or the record of it was lost.
                log.info("interaction response not edited: message deleted", extra={"job_id": post.job_id})
        return await self._change(post, address, person, message_ref)

    async def _change(
        self, post: JobMessage, address: Address, person: Person, message_ref: MessageRef | None
    ) -> MessageRef:
        try:
            if message_ref and self._token_serves(address, message_ref):
                found = await self._by_token(post, address, message_ref)
                if found is not None:
                    return found
            return await self._as_bot(post, address, message_ref)
        except (discord.Forbidden, ThreadArchivedError):
            if message_ref is not None and message_ref.final:
                raise DestinationUnreachableError from None  # the person has had the answer; this was only news of it
            return await self._to_person(post, person, address)

    async def touch(self, post: JobMessage, address: Address, message_ref: MessageRef) -> None:
        """Edit the message if that is easily done; fleeting progress is not worth more."""
        try:
            if self._token_serves(address, message_ref):
                await self._by_token(post, address, message_ref)
            else:
                await self._edit(post, message_ref)
        except (
            discord.HTTPException,
            MessageRejectedError,
            FileTooLargeError,
            DestinationUnreachableError,
        ) as error:
            log.debug("progress update not sent: %s", type(error).__name__)

    def _token_serves(self, address: Address, message_ref: MessageRef) -> bool:
        """A token opens the message with which its interaction was acknowledged, for a quarter of an hour."""
        if not address.token or address.token_expires_at is None or message_ref.message != address.message:
            return False
        return self._now() + _TOKEN_MARGIN < address.token_expires_at

    async def _by_token(
        self, post: JobMessage, address: Address, message_ref: MessageRef
    ) -> MessageRef | None:
        """None when Discord does not take the token any more."""
        application_id = self._bot.application_id or 0
        webhook = discord.Webhook.partial(application_id, address.token or "", client=self._bot)
        try:
            await webhook.edit_message(
                int(message_ref.message),
                content=post.content,
                attachments=post.files(),
                view=view_of(post),
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except discord.HTTPException as error:
            if error.status in (401, 403) or error.code in (_UNKNOWN_WEBHOOK, _INVALID_WEBHOOK_TOKEN):
                log.info("interaction token expired", extra={"job_id": post.job_id})
                return None
            raise classify_error(error) from error
        return message_ref

    async def _as_bot(self, post: JobMessage, address: Address, message_ref: MessageRef | None) -> MessageRef:
        if message_ref is not None:
            return await self._edit(post, message_ref)
        channel = self._bot.get_partial_messageable(int(address.channel))
        return await self._send(post, channel)

    async def _edit(self, post: JobMessage, message_ref: MessageRef) -> MessageRef:
        channel = self._bot.get_partial_messageable(int(message_ref.channel))
        try:
            await channel.get_partial_message(int(message_ref.message)).edit(
                content=post.content,
                attachments=post.files(),
                view=view_of(post),
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except discord.HTTPException as error:
            raise classify_error(error) from error
        return message_ref

    async def _send(self, post: JobMessage, channel: discord.abc.Messageable) -> MessageRef:
        """The nonce makes Discord answer a repeated sending with the message that is there already."""
        try:
            message = await channel.send(
                content=post.content,
                files=post.files(),
                nonce=post.job_id,
                allowed_mentions=discord.AllowedMentions.none(),
                view=view_of(post) or discord.utils.MISSING,
            )
        except discord.HTTPException as error:
            raise classify_error(error) from error
        return MessageRef(channel=str(message.channel.id), message=str(message.id))

    async def _to_person(self, post: JobMessage, person: Person, address: Address) -> MessageRef:
        log.info(
            "job message sent as a direct message: channel not accessible", extra={"job_id": post.job_id}
        )
        guild = self._bot.get_guild(int(address.community)) if address.community.isdecimal() else None
        why = texts.elsewhere(lacking_in(guild, address.channel))
        told = replace(post, content=f"{why}\n{post.content}")
        try:
            channel = await open_dm(self._bot, person.user_id)
            return await self._send(told, channel)
        except discord.Forbidden:
            raise DestinationUnreachableError from None


async def open_dm(bot: discord.Client, user_id: str) -> discord.DMChannel:
    """Somebody's direct messages.

    Raises `DestinationUnreachableError` for whoever asked to be forgotten, and as Discord does.
    """
    if not user_id.isdecimal():
        raise DestinationUnreachableError
    return await bot.create_dm(discord.Object(int(user_id)))


def acknowledging_message(address: Address) -> MessageRef | None:
    """The message with which the interaction was acknowledged: there from the first moment."""
    return MessageRef(channel=address.channel, message=address.message) if address.message else None


def classify_error(error: discord.HTTPException) -> Exception:
    """What an error of Discord's means for the delivery."""
    if error.status == 413 or error.code == _TOO_LARGE:
        return FileTooLargeError()
    if error.code == _ARCHIVED_THREAD:
        return ThreadArchivedError()
    if isinstance(error, discord.NotFound):  # the message or the channel was deleted
        return DestinationUnreachableError()
    if error.code == _TOO_MANY_EDITS_OF_AN_OLD_MESSAGE:
        return error  # it takes more of them in a while
    return MessageRejectedError(str(error.code)) if error.status == 400 else error
