"""The bot: discord.py's client with the parts of the front end put together."""

import hashlib
import json
import logging
import sys
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bots.delivery.chat_event_handler import ChatEventHandler
from bots.delivery.errors import PlatformUnavailableError
from bots.delivery.event_consumer import EventConsumer
from bots.discord.context import DiscordContext
from bots.discord.downloads import Downloads
from bots.discord.guilds.dm_context import DiscordStepRunner
from bots.discord.guilds.greeting import greeting_places
from bots.discord.guilds.home_server import record_home_server
from bots.discord.guilds.readers import adopt_language
from bots.discord.interactions.buttons import Buttons
from bots.discord.interactions.command_translator import CommandTranslator
from bots.discord.interactions.context_menus import ContextMenus
from bots.discord.interactions.dispatcher import Dispatcher
from bots.discord.interactions.entry_point import entry_point, register_with_entry_point
from bots.discord.interactions.modals import Modals
from bots.discord.interactions.reactions import Reactions
from bots.discord.interactions.replies import Replies
from bots.discord.interactions.slash_commands import SlashCommands
from bots.discord.messages.answers import Answers, send_private
from bots.discord.messages.transport import DiscordTransport
from bots.discord.settings import DiscordSettings
from bots.discord.texts import texts
from bots.interactions.error_messages import message_of
from bots.interactions.reader_languages import ReaderLanguages
from bots.presentation.actions import ACTIONS
from bots.presentation.compose.answers import compose_spans
from bots.presentation.spans import sentence
from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool, ThreadPools
from bots.texts.languages.catalogues import digest_catalogues, load_all_catalogues
from bots.uploads.pending_uploads import PendingUploads
from bots.uploads.safe_downloads import PublicResolver, redirects_within
from studio.commands.button_ids import Action
from studio.domain.people import Platform
from studio.errors import ServiceError
from studio.ports import Ports

_TOO_MANY_COMMANDS = 30032
_FINISH_SECONDS = 5.0

log = logging.getLogger(__name__)


class ChatelierBot(discord.AutoShardedClient):
    """Needs no privileged intent: commands, buttons, reactions, and replies that mention it come by themselves."""

    def __init__(
        self, ports: Ports, settings: DiscordSettings, *, downloads: Downloads | None = None
    ) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        intents.guild_messages = True
        intents.dm_messages = True
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
        self.settings = settings
        self.pools = ThreadPools("discord")
        self.context = context = DiscordContext(
            client=self,
            ports=ports,
            pools=self.pools,
            settings=settings,
            downloads=downloads or Downloads(settings),
            pending_uploads=PendingUploads(),
            languages=ReaderLanguages(ports.database, self.pools),
        )
        self._deliver(context)
        self._listen(context)
        self._leaving = False

    def _deliver(self, context: DiscordContext) -> None:
        """What keeps the messages of jobs, cases and the starboard up to date."""
        self.transport = DiscordTransport(context)
        self.delivery = ChatEventHandler(context.ports, context.pools, self.transport, pixelated=False)
        self.event_consumer = EventConsumer(
            context.ports.events,
            self.delivery,
            context.pools,
            platform=Platform.DISCORD,
            consumer=context.settings.consumer,
        )

    def _listen(self, context: DiscordContext) -> None:
        """What answers commands, presses, forms and reactions."""
        runner = DiscordStepRunner(context, self.delivery)
        answers = Answers(context, self.transport, runner)
        dispatcher = Dispatcher(context, answers, runner)
        self.modals = Modals(dispatcher)
        self.buttons = Buttons(dispatcher, self.modals)
        self.reactions = Reactions(dispatcher)
        self.replies = Replies(dispatcher)
        self.tree = Tree(self)
        SlashCommands(dispatcher).build(self.tree)
        ContextMenus(dispatcher, self.buttons).build(self.tree)

    async def login(self, token: str) -> None:
        """The connector is made here because it needs the running loop."""
        self.http.connector = aiohttp.TCPConnector(resolver=PublicResolver(self.settings.cdn_hosts), limit=0)
        await super().login(token)

    async def setup_hook(self) -> None:
        """Logged in, not yet connected: what ended while we were away is delivered from here on."""
        await self._register_commands()
        await self._record_home_server()
        self.event_consumer.start()

    async def _record_home_server(self) -> None:
        """While the database does not answer, the server of the last start stays."""
        try:
            await self.pools.run(
                Pool.DATABASE, record_home_server, self.context.ports.database, self.settings.home_server
            )
        except ServiceError as error:
            log.warning("home server not recorded: %s", type(error).__name__)

    async def _register_commands(self) -> None:
        """Tell Discord of the commands, but only when they are not those it was told last."""
        await self.pools.run(Pool.FILES, load_all_catalogues)
        await self.tree.set_translator(CommandTranslator())
        commands = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        if self.settings.activity:
            commands.append(entry_point())
        # The translations count by their files: to look up all of them for each locale takes long.
        translations = await self.pools.run(Pool.FILES, digest_catalogues)
        facts = [self.settings.api_url, self.application_id, commands, translations]
        described = json.dumps(facts, sort_keys=True)
        fingerprint = hashlib.sha256(described.encode()).hexdigest()
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
        register = partial(register_with_entry_point, self.tree) if self.settings.activity else self.tree.sync
        try:
            await register()
        except discord.HTTPException as error:
            if error.code != _TOO_MANY_COMMANDS:
                raise
            # Better without its last menu than not at all; its command is there still.
            name = ACTIONS[Action.REPORT].menu
            log.warning("context menu not registered: Discord's limit is reached menu=%s", name)
            self.tree.remove_command(name, type=discord.AppCommandType.message)
            await register()

    def is_connected(self) -> bool:
        """Every shard of this process has its connection."""
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())

    async def on_ready(self) -> None:
        log.info("Discord client ready: shards=%s guilds=%s", len(self.shards), len(self.guilds))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say what to try, and what to choose. A greeting that cannot be sent now comes when the bot is added anew."""
        locale = str(guild.preferred_locale)
        await self.context.languages.note_server(Platform.DISCORD, str(guild.id), locale)
        try:
            places = await greeting_places(guild)
            server = str(guild.id)
            await self.context.languages.note_server(Platform.DISCORD, server, str(guild.preferred_locale))
            await self.delivery.personal.greet(Platform.DISCORD, server, places)
        except (discord.HTTPException, PlatformUnavailableError, ServiceError) as error:
            log.warning("server not greeted: %s", type(error).__name__)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Commands have gone to the tree by then; everything else is read from its id."""
        try:
            if interaction.type is discord.InteractionType.modal_submit:
                await adopt_language(self.context, interaction)
                await self.modals.handle_submission(interaction)
            elif interaction.type is discord.InteractionType.component:
                await adopt_language(self.context, interaction)
                await self.buttons.handle_press(interaction)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await send_private(interaction, message_of(error))

    async def on_message(self, message: discord.Message) -> None:
        await self.replies.handle(message)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self.reactions.handle(event)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        await self.reactions.handle(event)

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
            await self.context.downloads.close()
            self.pools.close()


class Tree(app_commands.CommandTree[ChatelierBot]):
    async def interaction_check(self, interaction: discord.Interaction[ChatelierBot], /) -> bool:
        """Before every command, menu and completion, in the task that carries it out."""
        await adopt_language(interaction.client.context, interaction)
        return True

    async def on_error(
        self, interaction: discord.Interaction[ChatelierBot], error: app_commands.AppCommandError, /
    ) -> None:
        """What the command itself did not turn into a sentence: commands of another version, above all."""
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            await send_private(interaction, compose_spans(sentence(texts.COMMAND_CHANGED)))
            return
        await send_private(interaction, message_of(error))


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
