"""The starboard's messages on Discord."""

import io

import discord

from bots.delivery.attachments import DEFAULT_LIMIT_BYTES, Attachment, fit_attachment
from bots.delivery.errors import DestinationUnreachableError
from bots.delivery.starboard import StarboardEntry
from bots.discord.context import DiscordClient
from bots.discord.messages.case_delivery import closed
from bots.discord.texts import texts
from bots.runtime.thread_pools import Pool, ThreadPools
from bots.texts import chat
from studio.domain.deliveries import MessageRef
from studio.errors import NotFoundError
from studio.ports import Ports

_NOBODY = discord.AllowedMentions.none()


class DiscordStarboardDelivery:
    """Implements `bots.delivery.starboard.StarboardDelivery`."""

    def __init__(self, bot: DiscordClient, ports: Ports, pools: ThreadPools) -> None:
        self._bot = bot
        self._ports = ports
        self._pools = pools

    async def hang(self, exhibit: StarboardEntry, message_ref: MessageRef | None) -> MessageRef:
        caption = texts.starred_caption(exhibit.picture, exhibit.job, link=self._link(exhibit))
        try:
            if message_ref is not None:
                hidden = [await self._file(exhibit)] if exhibit.job.spoiler else discord.utils.MISSING
                await self._message(message_ref).edit(
                    content=caption, attachments=hidden, allowed_mentions=_NOBODY
                )
                return message_ref
            file = await self._file(exhibit)
            place = self._bot.get_partial_messageable(int(exhibit.channel))
            message = await place.send(
                caption, file=file, nonce=f"star-{exhibit.picture.id}", allowed_mentions=_NOBODY
            )
        except discord.HTTPException as error:
            raise closed(error) from error
        return MessageRef(channel=str(message.channel.id), message=str(message.id))

    async def take_down(self, picture_id: str, message_ref: MessageRef) -> None:
        try:
            await self._message(message_ref).delete()
        except discord.HTTPException as error:
            raise closed(error) from error

    async def _file(self, exhibit: StarboardEntry) -> discord.File:
        """Raises `DestinationUnreachableError` for a picture whose file is gone."""
        try:
            made = await self._pools.run(Pool.FILES, self._print, exhibit)
        except NotFoundError:
            raise DestinationUnreachableError from None
        prompt = exhibit.picture.recipe.prompt
        return discord.File(
            io.BytesIO(made.data),
            f"{exhibit.picture.id}{made.suffix}",
            description=chat.alternative(prompt, 1, longest=texts.LONGEST_ALTERNATIVE),
            spoiler=exhibit.job.spoiler,
        )

    def _print(self, exhibit: StarboardEntry) -> Attachment:
        community = exhibit.job.person.community
        guild = self._bot.get_guild(int(community)) if community.isdecimal() else None
        limit_bytes = guild.filesize_limit if guild else DEFAULT_LIMIT_BYTES
        return fit_attachment(
            self._ports, self._ports.store.get(exhibit.picture.key), limit_bytes=limit_bytes
        )

    def _link(self, exhibit: StarboardEntry) -> str:
        community, shown = exhibit.job.person.community, exhibit.shown_at
        if shown is None or not community.isdecimal():
            return ""
        return f"https://discord.com/channels/{community}/{shown.channel}/{shown.message}"

    def _message(self, message_ref: MessageRef) -> discord.PartialMessage:
        return self._bot.get_partial_messageable(int(message_ref.channel)).get_partial_message(
            int(message_ref.message)
        )
