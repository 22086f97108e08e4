"""Discord's side of the delivery core: sends, edits and deletes messages.

A message with which an interaction was acknowledged is edited by the interaction's token while that is valid, and
afterwards by the bot itself. A new message carries its subject as a nonce: Discord answers a repeated sending with the
message that is there already.
"""

import logging
import time
from dataclasses import replace
from datetime import datetime

import discord

from bots.delivery.attachments import DEFAULT_LIMIT_BYTES
from bots.delivery.errors import (
    ChannelClosedError,
    DestinationUnreachableError,
    FileTooLargeError,
    MessageTakenBackError,
    PlatformUnavailableError,
)
from bots.delivery.transport import OutgoingMessage, Place
from bots.discord.context import DiscordContext
from bots.discord.guilds.members import is_active_member
from bots.discord.guilds.permissions import lacking_in
from bots.discord.messages.acknowledgements import acknowledging_message, delete_by_token, edit_by_token
from bots.discord.messages.error_mapping import API_ERRORS, HAS_A_THREAD, map_error, mapped_errors
from bots.discord.render import edit_arguments, send_arguments
from bots.discord.texts import texts
from bots.presentation.message import Message, Note
from bots.presentation.spans import sentence
from bots.texts.translation import translate
from studio.bounded_dict import BoundedDict
from studio.domain.deliveries import MessageRef, Subject
from studio.domain.people import Person, Platform

PROGRESS_EVERY_SECONDS = 1.5
_OLD_MESSAGE_SECONDS = 3600.0
_OLD_MESSAGE_EVERY_SECONDS = 60.0
_REMEMBERED = 1000
_DISCORD_EPOCH_MILLISECONDS = 1_420_070_400_000

log = logging.getLogger(__name__)


class DiscordTransport:
    """Implements `bots.delivery.transport.Transport`."""

    platform = Platform.DISCORD
    claim_seconds = 20.0

    def __init__(self, context: DiscordContext) -> None:
        self._client = context.client
        self._serves = context.serves
        self._limits: BoundedDict[str, int] = BoundedDict(_REMEMBERED)
        self._taken_back: BoundedDict[str, None] = BoundedDict(_REMEMBERED)

    def expect(self, subject_id: str, *, limit_bytes: int) -> None:
        """Remember how large a file the channel takes, as the interaction said."""
        self._limits[subject_id] = limit_bytes

    def take_back(self, message_id: str) -> None:
        """An acknowledging message is about to be deleted with a refusal, and is no job's message any more.

        The job may have been accepted all the same: the database can fail after the commit.
        """
        self._taken_back[message_id] = None

    async def send(self, outgoing: OutgoingMessage) -> MessageRef:
        if thread := await self._thread_of(outgoing):
            return await self._send_into(thread, outgoing)
        acknowledging = acknowledging_message(outgoing.place.address)
        if acknowledging is not None and acknowledging.message not in self._taken_back:
            try:
                await self.edit(acknowledging, outgoing)
            except ChannelClosedError:
                raise
            except DestinationUnreachableError:
                log.info("interaction response not edited: message deleted", extra=_of(outgoing))
            else:
                return acknowledging
        return await self._send_new(outgoing)

    async def _thread_of(self, outgoing: OutgoingMessage) -> str | None:
        """The thread of the message which a job came from, or a remark is about, if it belongs there.

        None also where the bot may not make one, such as within another thread: there the job is a reply.
        """
        place = outgoing.place
        replied = place.reply_to
        guild = self._guild(place.community)
        if (
            replied is None
            or not place.in_thread
            or outgoing.subject.kind not in texts.THREAD_NAMES
            or not guild
        ):
            return None
        channel = self._client.get_partial_messageable(int(replied.channel), guild_id=guild.id)
        try:
            await channel.get_partial_message(int(replied.message)).create_thread(
                name=translate(texts.THREAD_NAMES[outgoing.subject.kind])
            )
        except API_ERRORS as error:
            if getattr(error, "code", None) == HAS_A_THREAD:
                return replied.message
            reason = map_error(error)
            if isinstance(reason, PlatformUnavailableError):
                raise reason from error
            log.info("thread not created: %s", type(reason).__name__, extra=_of(outgoing))
            return None
        return replied.message  # the thread of a message has its id

    async def _send_into(self, thread: str, outgoing: OutgoingMessage) -> MessageRef:
        """The interaction was acknowledged outside of the thread, so that message goes once the answer is there."""
        address = outgoing.place.address
        within = replace(outgoing.place, channel=thread, reply_to=None)
        ref = await self._send_new(outgoing.at(within))
        try:
            if address is not None:
                await delete_by_token(self._client, address)
        except API_ERRORS as error:
            log.info("interaction response not deleted: %s", type(error).__name__, extra=_of(outgoing))
        return ref

    async def _send_new(self, outgoing: OutgoingMessage) -> MessageRef:
        place = outgoing.place
        if place.person is None and place.address is not None and place.address.by_token:
            raise ChannelClosedError
        message = self._explain_detour(outgoing)
        arguments = send_arguments(message, outgoing.files, mentions=place.mentions)
        if reference := _reference(place):
            arguments["reference"] = reference
        with mapped_errors():
            channel = await self._channel_of(place)
            sent = await channel.send(**arguments, nonce=outgoing.nonce)
        return MessageRef(channel=str(sent.channel.id), message=str(sent.id))

    def _explain_detour(self, outgoing: OutgoingMessage) -> Message:
        """With a line above it where it could not go to its channel."""
        place, message = outgoing.place, outgoing.message
        if not place.instead_of:
            return message
        log.info("message sent as a direct message: channel not accessible", extra=_of(outgoing))
        guild = self._guild(place.community)
        lacking = texts.elsewhere(lacking_in(guild, place.instead_of))
        why = Note(spans=sentence(texts.OUTLASTED) if place.outlasted else lacking)
        return replace(message, parts=(why, *message.parts))

    async def _channel_of(self, place: Place) -> discord.abc.Messageable:
        if place.person is not None:
            return await open_dm(self._client, place.person.user_id)
        if not place.channel:
            raise ChannelClosedError
        target = int(place.thread or place.channel)
        if place.community.isdecimal() and self._is_elsewhere(target, int(place.community)):
            log.warning("message not sent: channel belongs to another server")
            raise ChannelClosedError
        return self._client.get_partial_messageable(target)

    def _is_elsewhere(self, channel_id: int, guild_id: int) -> bool:
        """Whether a channel is known to be another server's. Direct messages may be about a server's pictures."""
        own = self._client.get_guild(guild_id)
        if own and own.get_channel_or_thread(channel_id):
            return False
        guild = getattr(self._client.get_channel(channel_id), "guild", None)
        return guild is not None and guild.id != guild_id

    async def edit(self, ref: MessageRef, outgoing: OutgoingMessage) -> None:
        if ref.message in self._taken_back:
            raise MessageTakenBackError
        message, files = outgoing.message, outgoing.files
        with mapped_errors():
            by_token = edit_arguments(message, files)
            if await edit_by_token(self._client, outgoing.place.address, ref, by_token):
                return
            if _is_out_of_reach(outgoing.place, ref):
                raise ChannelClosedError
            await self._partial(ref).edit(**edit_arguments(message, files))

    def _guild(self, community: str) -> discord.Guild | None:
        """None for direct messages, and for a server of another process."""
        return self._client.get_guild(int(community)) if community.isdecimal() else None

    async def try_edit(self, ref: MessageRef, outgoing: OutgoingMessage) -> None:
        try:
            await self.edit(ref, outgoing)
        except (DestinationUnreachableError, FileTooLargeError, PlatformUnavailableError) as error:
            log.debug("progress update not sent: %s", type(error).__name__)

    async def delete(self, ref: MessageRef, subject: Subject, place: Place) -> None:
        with mapped_errors():
            if _is_out_of_reach(place, ref):
                raise ChannelClosedError
            await self._partial(ref).delete()

    async def find_sent(self, subject: Subject, place: Place, *, since: datetime) -> MessageRef | None:
        """The nonce makes a second sending harmless, so nothing is looked up."""
        return None

    def may_touch(self, ref: MessageRef, place: Place, *, age_seconds: float, since_seconds: float) -> bool:
        """Rarely in an old message: the edits that it has left are for the end."""
        return since_seconds >= max(PROGRESS_EVERY_SECONDS, self.rest_seconds(ref))

    def rest_seconds(self, ref: MessageRef) -> float:
        """Discord lets a message over an hour old be edited a few times only."""
        return _OLD_MESSAGE_EVERY_SECONDS if _age_seconds(ref.message) > _OLD_MESSAGE_SECONDS else 0.0

    def limit_bytes(self, subject: Subject, place: Place) -> int:
        if place.person is not None:
            return DEFAULT_LIMIT_BYTES
        guild = self._guild(place.community)
        return self._limits.get(subject.id) or (guild.filesize_limit if guild else DEFAULT_LIMIT_BYTES)

    def link_to(self, community: str, ref: MessageRef) -> str:
        if not (community.isdecimal() and ref.message):
            return ""
        return f"https://discord.com/channels/{community}/{ref.channel}/{ref.message}"

    def serves(self, community: str) -> bool:
        return self._serves(community)

    async def is_active_member(self, person: Person) -> bool:
        guild = self._guild(person.community)
        if guild is None:
            return True
        try:
            return await is_active_member(guild, person)
        except API_ERRORS as error:
            raise PlatformUnavailableError(type(error).__name__) from error

    def _partial(self, ref: MessageRef) -> discord.PartialMessage:
        channel = self._client.get_partial_messageable(int(ref.channel))
        return channel.get_partial_message(int(ref.message))


def _is_out_of_reach(place: Place, ref: MessageRef) -> bool:
    """Whether only an interaction's token opens the message: the bot is not where it stands."""
    return place.address is not None and place.address.by_token and ref.channel == place.address.channel


def _reference(place: Place) -> discord.MessageReference | None:
    """A reply needs a message of the same channel; one that is gone is left out."""
    if place.reply_to is None or place.person is not None or place.reply_to.channel != place.channel:
        return None
    return discord.MessageReference(
        message_id=int(place.reply_to.message),
        channel_id=int(place.reply_to.channel),
        fail_if_not_exists=False,
    )


async def open_dm(client: discord.Client, user_id: str) -> discord.DMChannel:
    """Somebody's direct messages.

    Raises `DestinationUnreachableError` for a person who asked to be forgotten, and as Discord does.
    """
    if not user_id.isdecimal():
        raise DestinationUnreachableError
    return await client.create_dm(discord.Object(int(user_id)))


def _age_seconds(message_id: str) -> float:
    return time.time() - ((int(message_id) >> 22) + _DISCORD_EPOCH_MILLISECONDS) / 1000


def _of(outgoing: OutgoingMessage) -> dict[str, str]:
    return {"subject": str(outgoing.subject.kind), "subject_id": outgoing.subject.id}
