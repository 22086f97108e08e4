"""What the parts of the Discord front end share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import discord

from bots.discord.downloads import Downloads
from bots.discord.settings import DiscordSettings
from bots.interactions.reader_languages import ReaderLanguages
from bots.interactions.step_runner import Result
from bots.process.thread_pools import ThreadPools
from bots.uploads.pending_uploads import PendingUploads
from studio.commands.spec import Call
from studio.ports import Ports

# What an interaction is about, carried out for the person who asks; None: it has answered for itself.
Operation = Callable[[Call], Awaitable[Result]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordContext:
    client: discord.AutoShardedClient
    ports: Ports
    pools: ThreadPools
    settings: DiscordSettings
    downloads: Downloads
    pending_uploads: PendingUploads
    languages: ReaderLanguages

    def serves(self, community: str) -> bool:
        """Whether the events of a server come to this process; direct messages come to shard 0."""
        count = self.client.shard_count
        if not count:
            return True
        shard = (int(community) >> 22) % count if community.isdecimal() else 0
        return shard in (self.client.shard_ids or range(count))
