"""Carries what the board shows to Discord, within the size and the pace that it takes."""

import logging
import time
from dataclasses import replace

import discord

from bots.delivery.attachments import DEFAULT_LIMIT_BYTES, decoded, job_attachment
from bots.delivery.errors import DestinationUnreachableError
from bots.delivery.job_view import JobView
from bots.discord.context import DiscordClient
from bots.discord.messages.job_message import compose, compose_progress
from bots.discord.messages.message_sender import (
    FileTooLargeError,
    MessageSender,
    acknowledging_message,
    open_dm,
)
from bots.discord.texts import texts
from bots.runtime.thread_pools import Pool, ThreadPools
from studio.domain.deliveries import MessageRef
from studio.domain.events import JobProgress
from studio.ports import Ports
from studio.runtime.bounded_dict import BoundedDict

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
        self, bot: DiscordClient, ports: Ports, pools: ThreadPools, message_sender: MessageSender
    ) -> None:
        self._bot = bot
        self._ports = ports
        self._pools = pools
        self._message_sender = message_sender
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

    async def bring(self, job_view: JobView, message_ref: MessageRef | None) -> MessageRef:
        """Send it, smaller and smaller while Discord finds it too large."""
        job, address = job_view.job, job_view.job.address
        if message_ref is not None and message_ref.message in self._taken_away:
            message_ref = None
        if message_ref is None and address.message in self._taken_away:
            address = replace(address, message=None)
        limit_bytes = self._limits.get(job.id) or self._limit_of(job_view)
        while True:
            picture = await self._pools.run(
                Pool.FILES, job_attachment, self._ports, job_view, limit_bytes=limit_bytes
            )
            try:
                return await self._message_sender.bring(
                    compose(job_view, picture), address, job.person, message_ref
                )
            except FileTooLargeError:
                limit_bytes //= 2
                if limit_bytes < _SMALLEST_LIMIT_BYTES:
                    raise DestinationUnreachableError from None

    async def copy(self, job_view: JobView) -> None:
        """Without buttons, and with all that is needed to paint it again."""
        if job_view.job.address.community.isdecimal():  # else they asked there
            await self.send_home(job_view, job_view.job.person.user_id)

    async def send_home(self, job_view: JobView, user_id: str) -> bool:
        """A finished job as a direct message. False: the person takes none. Raises `StorageError`."""
        picture = await self._pools.run(
            Pool.FILES, job_attachment, self._ports, job_view, limit_bytes=DEFAULT_LIMIT_BYTES
        )
        post = compose(job_view, picture)
        content = f"{post.content}\n{texts.whole_recipe(job_view.pictures[0])}" if job_view.pictures else ""
        if not content:
            return False
        try:
            channel = await open_dm(self._bot, user_id)
            await channel.send(
                content[: texts.LONGEST_MESSAGE],
                files=post.files(),
                nonce=f"{job_view.job.id}-{user_id[-12:]}",
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except (discord.HTTPException, DestinationUnreachableError) as error:
            log.info("direct message not sent: %s", type(error).__name__, extra={"job_id": job_view.job.id})
            return False
        return True

    async def step(self, job_view: JobView, progress: JobProgress, message_ref: MessageRef) -> None:
        preview = decoded(progress.preview) if progress.preview else None
        post = compose_progress(job_view, progress, preview=preview)
        await self._message_sender.touch(post, job_view.job.address, message_ref)

    def may_step(self, job_view: JobView, *, since_seconds: float) -> bool:
        """Rarely in an old message: the edits that it has left are for the end."""
        message_ref = job_view.message_ref or acknowledging_message(job_view.job.address)
        return since_seconds >= max(
            PROGRESS_EVERY_SECONDS, self.calm_seconds(message_ref) if message_ref else 0.0
        )

    def calm_seconds(self, message_ref: MessageRef) -> float:
        """Discord lets a message over an hour old be edited a few times only."""
        return _OLD_MESSAGE_EVERY_SECONDS if _age_seconds(message_ref.message) > _OLD_MESSAGE_SECONDS else 0.0

    def serves(self, community: str) -> bool:
        return self._bot.serves(community)

    def _limit_of(self, job_view: JobView) -> int:
        community = job_view.job.address.community
        guild = self._bot.get_guild(int(community)) if community.isdecimal() else None
        return guild.filesize_limit if guild else DEFAULT_LIMIT_BYTES


def _age_seconds(message_id: str) -> float:
    return time.time() - ((int(message_id) >> 22) + _DISCORD_EPOCH_MILLISECONDS) / 1000
