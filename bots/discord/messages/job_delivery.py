"""Carries what the board shows to Discord, within the size and the pace that it takes."""

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import discord

from bots.delivery.attachments import DEFAULT_LIMIT_BYTES, decoded, job_attachment
from bots.delivery.job_messages import DestinationUnreachableError
from bots.delivery.job_view import JobView, MessageRef
from bots.discord.messages.job_message import compose, compose_progress
from bots.discord.messages.message_sender import (
    FileTooLargeError,
    MessageSender,
    acknowledging_message,
    open_dm,
)
from bots.discord.texts import texts
from bots.runtime.thread_pools import ThreadPools
from studio.domain.events import JobProgress
from studio.ports import Ports
from studio.runtime.bounded_dict import BoundedDict

if TYPE_CHECKING:
    from bots.discord.bot import ChatelierBot

PROGRESS_EVERY_SECONDS = 1.5
_OLD_MESSAGE_SECONDS = 3600.0
_OLD_MESSAGE_EVERY_SECONDS = 60.0
_KEPT_LIMITS = 1000
_SMALLEST_LIMIT_BYTES = 256 * 1024
_DISCORD_EPOCH_MILLISECONDS = 1_420_070_400_000

log = logging.getLogger(__name__)


class DiscordJobDelivery:
    """Implements `bots.delivery.job_messages.JobDelivery`."""

    def __init__(
        self, bot: "ChatelierBot", ports: Ports, backroom: ThreadPools, courier: MessageSender
    ) -> None:
        self._bot = bot
        self._ports = ports
        self._backroom = backroom
        self._courier = courier
        self._limits: BoundedDict[str, int] = BoundedDict(_KEPT_LIMITS)
        self._taken_away: BoundedDict[str, None] = BoundedDict(_KEPT_LIMITS)

    def expect(self, job_id: str, *, limit_bytes: int) -> None:
        """Remember how large a file the channel takes, as the interaction said."""
        self._limits[job_id] = limit_bytes

    def take_away(self, message_id: str) -> None:
        """An acknowledging message is about to be deleted with a refusal, and holds no job's answer any more.

        The job may have been accepted all the same: the records can fail after the deed.
        """
        self._taken_away[message_id] = None

    async def bring(self, standing: JobView, slip: MessageRef | None) -> MessageRef:
        """Send it, smaller and smaller while Discord finds it too large."""
        job, address = standing.job, standing.job.address
        if slip is not None and slip.message in self._taken_away:
            slip = None
        if slip is None and address.message in self._taken_away:
            address = replace(address, message=None)
        limit_bytes = self._limits.get(job.id) or self._limit_of(standing)
        while True:
            picture = await self._backroom.run(
                "shelf", job_attachment, self._ports, standing, limit_bytes=limit_bytes
            )
            try:
                return await self._courier.bring(compose(standing, picture), address, job.person, slip)
            except FileTooLargeError:
                limit_bytes //= 2
                if limit_bytes < _SMALLEST_LIMIT_BYTES:
                    raise DestinationUnreachableError from None

    async def copy(self, standing: JobView) -> None:
        """Without buttons, and with all that is needed to paint it again."""
        if standing.job.address.community.isdecimal():  # else they asked there
            await self.send_home(standing, standing.job.person.user_id)

    async def send_home(self, standing: JobView, user_id: str) -> bool:
        """A finished job as a direct message. False: the person takes none. Raises `StorageError`."""
        picture = await self._backroom.run(
            "shelf", job_attachment, self._ports, standing, limit_bytes=DEFAULT_LIMIT_BYTES
        )
        post = compose(standing, picture)
        content = f"{post.content}\n{texts.whole_recipe(standing.pictures[0])}" if standing.pictures else ""
        if not content:
            return False
        try:
            channel = await open_dm(self._bot, user_id)
            await channel.send(
                content[: texts.LONGEST_MESSAGE],
                files=post.files(),
                nonce=f"{standing.job.id}-{user_id[-12:]}",
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except (discord.HTTPException, DestinationUnreachableError) as error:
            log.info(
                "a direct message was not taken: %s", type(error).__name__, extra={"job_id": standing.job.id}
            )
            return False
        return True

    async def step(self, standing: JobView, progress: JobProgress, slip: MessageRef) -> None:
        preview = decoded(progress.preview) if progress.preview else None
        post = compose_progress(standing, progress, preview=preview)
        await self._courier.touch(post, standing.job.address, slip)

    def may_step(self, standing: JobView, *, since_seconds: float) -> bool:
        """Rarely in an old message: the edits that it has left are for the end."""
        slip = standing.slip or acknowledging_message(standing.job.address)
        return since_seconds >= max(PROGRESS_EVERY_SECONDS, self.calm_seconds(slip) if slip else 0.0)

    def calm_seconds(self, slip: MessageRef) -> float:
        """Discord lets a message over an hour old be edited a few times only."""
        return _OLD_MESSAGE_EVERY_SECONDS if _age_seconds(slip.message) > _OLD_MESSAGE_SECONDS else 0.0

    def serves(self, community: str) -> bool:
        return self._bot.serves(community)

    def _limit_of(self, standing: JobView) -> int:
        community = standing.job.address.community
        guild = self._bot.get_guild(int(community)) if community.isdecimal() else None
        return guild.filesize_limit if guild else DEFAULT_LIMIT_BYTES


def _age_seconds(message_id: str) -> float:
    return time.time() - ((int(message_id) >> 22) + _DISCORD_EPOCH_MILLISECONDS) / 1000
