"""The bot: discord.py's client with the face's parts hung into it."""

import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bots.delivery.board_events import BoardEvents
from bots.delivery.case_messages import CaseMessages
from bots.delivery.event_consumer import EventConsumer
from bots.delivery.job_messages import JobMessages
from bots.delivery.starboard import Starboard
from bots.discord.context import DiscordClient
from bots.discord.guilds.uploads import Downloads
from bots.discord.interactions.context_menus import build_menus
from bots.discord.interactions.dispatcher import Dispatcher, send_private
from bots.discord.interactions.modals import Modals
from bots.discord.interactions.reactions import Reactions
from bots.discord.interactions.slash_commands import build_commands
from bots.discord.messages.case_delivery import DiscordCaseDelivery
from bots.discord.messages.components import DYNAMIC_ITEMS
from bots.discord.messages.job_delivery import DiscordJobDelivery
from bots.discord.messages.message_sender import MessageSender
from bots.discord.messages.responses import Responses
from bots.discord.messages.starboard_delivery import DiscordStarboardDelivery
from bots.discord.settings import DiscordSettings
from bots.discord.texts import texts
from bots.runtime.error_reports import report_error
from bots.runtime.pending_uploads import PendingUploads
from bots.runtime.safe_downloads import PublicResolver, redirects_within
from bots.runtime.thread_pools import Pool, ThreadPools
from bots.texts import chat
from studio.domain.people import Platform
from studio.ports import Ports
from studio.runtime.clock import now

_TOO_MANY_COMMANDS = 30032
_FINISH_SECONDS = 5.0

log = logging.getLogger(__name__)


class ChatelierBot(DiscordClient):
    """Needs no privileged intent: commands, buttons and reactions come by themselves."""

    def __init__(self, ports: Ports, settings: DiscordSettings) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        intents.guild_reactions = True
        intents.dm_reactions = True
        shards: dict[str, Any] = {}
        if settings.shard_count:
            shards["shard_count"] = settings.shard_count
            shards["shard_ids"] = list(settings.shard_ids or range(settings.shard_count))
        super().__init__(
            intents=intents,
            **shards,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            http_trace=redirects_within(settings.may_download),
        )
        self.ports = ports
        self.settings = settings
        self.pools = ThreadPools("discord")
        self.downloads = Downloads(settings)
        self.delivery = delivery = DiscordJobDelivery(self, ports, self.pools, MessageSender(self, now))
        self.job_messages = JobMessages(ports.database, self.pools, delivery)
        self.case_delivery = case_delivery = DiscordCaseDelivery(self, ports, self.pools)
        self.case_messages = CaseMessages(ports.database, ports.desk, self.pools, case_delivery)
        self.starboard = Starboard(
            ports.database, self.pools, DiscordStarboardDelivery(self, ports, self.pools)
        )
        self.dispatcher = Dispatcher(
            self, ports, self.pools, Responses(self, ports, self.pools, delivery, case_delivery), settings
        )
        self.pending_uploads = PendingUploads()
        self.modals = Modals(self, ports, self.pools, self.dispatcher, self.pending_uploads, settings)
        self.reactions = Reactions(self)
        self._leaving = False
        self.tree = Tree(self)
        build_commands(self.tree)
        build_menus(self.tree)
        self.event_consumer = EventConsumer(
            ports.events,
            BoardEvents(self.job_messages, self.case_messages, self.starboard),
            self.pools,
            platform=Platform.DISCORD,
            consumer=settings.consumer,
            passing=(discord.HTTPException,),
        )

    async def login(self, token: str) -> None:
        """The connector is made here because it needs the running loop."""
        self.http.connector = aiohttp.TCPConnector(resolver=PublicResolver(self.settings.cdn_hosts), limit=0)
        await super().login(token)

    async def setup_hook(self) -> None:
        """Logged in, not yet connected: what ended while we were away is delivered from here on."""
        self.add_dynamic_items(*DYNAMIC_ITEMS)
        await self._register_commands()
        self.event_consumer.start()

    async def _register_commands(self) -> None:
        """Tell Discord of the commands, but only when they are not those it was told last."""
        commands = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        told = json.dumps([self.settings.api_url, self.application_id, commands], sort_keys=True)
        fingerprint = hashlib.sha256(told.encode()).hexdigest()
        file = self.settings.home / "run" / "discord-commands"
        if await self.pools.run(Pool.DATABASE, _read, file) == fingerprint:
            return
        try:
            await self._sync()
        except discord.HTTPException as error:
            if error.status == 429 or error.status >= 500:
                raise  # it is tried again
            # Buttons, reactions and the commands of before work still; the next start tries again.
            log.error("command registration failed: code=%s text=%s", error.code, error.text)
            return
        await self.pools.run(Pool.DATABASE, _write, file, fingerprint)
        log.info("commands registered: count=%s", len(commands))

    async def _sync(self) -> None:
        try:
            await self.tree.sync()
        except discord.HTTPException as error:
            if error.code != _TOO_MANY_COMMANDS:
                raise
            # Better without its sixth menu than not at all; /report is there still.
            log.warning("context menu not registered: Discord's limit is reached menu=%s", chat.MENU_REPORT)
            self.tree.remove_command(chat.MENU_REPORT, type=discord.AppCommandType.message)
            await self.tree.sync()

    def serves(self, community: str) -> bool:
        """Whether the events of this server come to this process; direct messages come to shard 0."""
        if not self.shard_count:
            return True
        shard = (int(community) >> 22) % self.shard_count if community.isdecimal() else 0
        return shard in (self.shard_ids or range(self.shard_count))

    def is_connected(self) -> bool:
        """Every shard of this process has its connection."""
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())

    async def on_ready(self) -> None:
        log.info("Discord client ready: shards=%s guilds=%s", len(self.shards), len(self.guilds))

    async def on_interaction(self, interaction: discord.Interaction["ChatelierBot"]) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            await self.modals.submitted(interaction)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self.reactions.added(event)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        await self.reactions.removed(event)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        if isinstance(error := sys.exception(), Exception):
            report_error(error)

    async def close(self) -> None:
        if not self._leaving:
            self._leaving = True
            await self.pools.run(Pool.DATABASE, self.event_consumer.stop)
            await self.event_consumer.finish(seconds=_FINISH_SECONDS)
            await self.event_consumer.flush(seconds=_FINISH_SECONDS)
            await super().close()
            await self.downloads.close()
            self.pools.close()


class Tree(app_commands.CommandTree[ChatelierBot]):
    async def on_error(
        self, interaction: discord.Interaction[ChatelierBot], error: app_commands.AppCommandError, /
    ) -> None:
        """What the command itself did not turn into a sentence: commands of another version, above all."""
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            await send_private(interaction, texts.COMMAND_CHANGED)
            return
        sentence = chat.broke(report_error(error))
        if not interaction.response.is_done():
            await send_private(interaction, sentence)


def _read(file: Path) -> str:
    try:
        return str(file.read_text()).strip()
    except OSError:
        return ""


def _write(file: Path, text: str) -> None:
    """A folder that cannot be written costs a registration at each start and nothing else."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    except OSError:
        log.warning("command fingerprint not saved: folder not writable path=%s", file.parent)
