"""A simulated Discord with the bot in it, on fakes of the ports: a server, a channel, Ana, Bo and a moderator."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from discord import app_commands
from simcord.components import walk_components

from bots.discord.bot import ChatelierBot
from bots.discord.downloads import Downloads
from bots.discord.settings import CDN_HOSTS, DiscordSettings
from bots.uploads.safe_downloads import TooManyBytesError
from studio.db.tables import JobRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import Event, JobEnded, JobProgress, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support.finished_jobs import end_job, paint_job

KEYS = discord.Permissions(manage_guild=True, manage_messages=True)
PATIENCE_SECONDS = 300.0  # bounds a hang
PNG = b"\x89PNG\r\n\x1a\n picture"


class PatientEnv(simcord.Env):
    """Its own start gives up after five seconds otherwise."""

    async def _settle_internal(self, **more: Any) -> None:
        await super()._settle_internal(**more | {"timeout": None})


class SimulatedDownloads(Downloads):
    """From the simulation, which has no web server."""

    bot: ChatelierBot

    async def fetch(self, url: str) -> bytes:
        data: bytes = await self.bot.http.get_from_cdn(url)
        if len(data) > self.settings.max_upload_bytes:
            raise TooManyBytesError
        return data


_payloads: dict[str, dict[str, Any]] = {}


def remember_payloads(patch: pytest.MonkeyPatch) -> None:
    """Most bots of a process register the same commands: their names in all languages are looked up for the first."""
    for kind in (app_commands.Command, app_commands.ContextMenu):
        translate = kind.get_translated_payload

        async def remembered(
            command: Any, tree: Any, translator: Any, translate: Any = translate
        ) -> dict[str, Any]:
            key = json.dumps(command.to_dict(tree), sort_keys=True)
            if key not in _payloads:
                _payloads[key] = await translate(command, tree, translator)
            return copy.deepcopy(_payloads[key])

        patch.setattr(kind, "get_translated_payload", remembered)


def new_bot(ports: Ports, settings: DiscordSettings) -> ChatelierBot:
    downloads = SimulatedDownloads(settings)
    downloads.bot = ChatelierBot(ports, settings, downloads=downloads)
    return downloads.bot


@dataclass(kw_only=True)
class Room:
    env: simcord.Env
    bot: ChatelierBot
    ports: Ports
    settings: DiscordSettings
    guild: Any
    channel: Any
    ana: Any
    bo: Any
    mod: Any

    async def imagine(self, who: Any = None, prompt: str = "a red fox", **options: Any) -> str:
        """A job's id, from the message that the command left."""
        await (who or self.ana).slash(self.channel, "imagine", prompt=prompt, **options)
        return self.newest_job()

    def newest_job(self) -> str:
        return self.jobs()[-1].id

    def jobs(self) -> list[JobRow]:
        with self.ports.database.read() as session:
            return list(session.query(JobRow).order_by(JobRow.created_at))

    @property
    def request(self) -> dict[str, Any]:
        """What the newest job asks for."""
        found: dict[str, Any] = self.jobs()[-1].request
        return found

    async def press(self, custom_id: str, who: Any = None) -> Any:
        """Put a button of the given id under a message of the bot's, and press it."""
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(custom_id=custom_id, label="press"))
        view.stop()
        with self.env._bot_scope():
            channel = self.bot.get_partial_messageable(self.channel.id)
            message = await channel.send("forged", view=view)
        await self.env.settle()
        result = await (who or self.bo).click(message, custom_id=custom_id)
        if result.modal is None:  # a form is sent from its message
            with self.env._bot_scope():
                await message.delete()
        return result

    async def act(self) -> None:
        """Deliver the events that were published since the last time, as the stream would."""
        events, self.ports.events.published[:] = list(self.ports.events.published), []  # type: ignore[attr-defined]
        for event in events:
            await self.tell(event)

    async def painted(self, job_id: str, *, like: str | None = None) -> None:
        paint_job(self.ports, job_id, like=like)
        await self.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.DONE))

    async def ended(self, job_id: str, state: JobState) -> None:
        end_job(self.ports, job_id, state)
        await self.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=state))

    async def changed(self, picture: str) -> None:
        """A picture was starred or deleted a while after its message was touched last."""
        job_id = picture.partition(".")[0]
        self.allow_edit(job_id)
        await self.tell(PictureChanged(job_id=job_id, platform=Platform.DISCORD, picture_id=picture))

    async def tell(self, event: Event) -> None:
        """Deliver one event, as the stream would."""
        with self.env._bot_scope():
            await self.bot.event_consumer.handler.handle(event)
        await self.env.settle()

    async def progress(self, job_id: str, step: int, steps: int = 8, preview: str | None = None) -> None:
        progress = JobProgress(
            job_id=job_id, platform=Platform.DISCORD, step=step, steps=steps, preview=preview
        )
        with self.env._bot_scope():
            await self.bot.delivery.show_progress(progress)

    def allow_edit(self, job_id: str) -> None:
        """As if the message had not been touched for a while."""
        self.bot.delivery.publisher.message(DeliveryKind.JOB, job_id).touched_at -= 100

    @property
    def messages(self) -> list[discord.Message]:
        """What everybody in the channel sees."""
        seen: list[discord.Message] = self.channel.history()
        return [message for message in seen if not message.flags.ephemeral]

    @property
    def message(self) -> discord.Message:
        return self.messages[-1]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110 - the store is asked, not an event
                await asyncio.sleep(0.02)

    async def restart(self) -> None:
        """A fresh bot on the same rows, as after a crash."""
        self.bot.event_consumer.stop()
        self.bot = new_bot(self.ports, self.settings)
        await self.env.restart_bot(self.bot)


def settings_for(home: Path, **changes: Any) -> DiscordSettings:
    values: dict[str, Any] = {
        "token": "token",
        "home": home,
        "cdn_hosts": CDN_HOSTS | {"cdn.simcord.invalid"},
        "shard_count": 1,
    }
    return DiscordSettings(**values | changes)


_CUT_SHORT = (
    "discord.interactions.autocomplete._PATIENCE_SECONDS",
    "discord.interactions.context_menus._LOOK_UP_SECONDS",
    "discord.interactions.dispatcher._LOOK_UP_SECONDS",
    "discord.interactions.modals._LOOK_UP_SECONDS",
    "interactions.reader_languages._PATIENCE_SECONDS",
)


@asynccontextmanager
async def open_room(ports: Ports, home: Path, **changes: Any) -> AsyncIterator[Room]:
    settings = settings_for(home, **changes)
    bot = new_bot(ports, settings)
    env = PatientEnv(bot, settle_timeout=PATIENCE_SECONDS)
    patience = pytest.MonkeyPatch()
    for name in _CUT_SHORT:
        patience.setattr(f"bots.{name}", PATIENCE_SECONDS)  # nothing is cut short on a slow machine
    remember_payloads(patience)
    await env.start()
    try:
        guild = env.create_guild()
        channel = guild.create_text_channel("atelier")
        wardens = guild.create_role("Wardens", permissions=KEYS)
        room = Room(
            env=env,
            bot=bot,
            ports=ports,
            settings=settings,
            guild=guild,
            channel=channel,
            ana=guild.add_member(env.create_user("ana")),
            bo=guild.add_member(env.create_user("bo")),
            mod=guild.add_member(env.create_user("mod"), roles=[wardens]),
        )
        yield room
    finally:
        env.bot.event_consumer.stop()
        await env.shutdown()
        env.bot.pools.close()
        patience.undo()
    env._raise_errors_since(env._errors_acknowledged)


@pytest.fixture
async def room(ports: Ports, tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(ports, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
async def painted(room: Room) -> str:
    """A finished job of Ana's with four pictures."""
    job_id = await room.imagine(prompt="a red fox", seed=7)
    await room.painted(job_id)
    return job_id


def button_ids(message: discord.Message) -> list[str]:
    return [
        child.custom_id
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for child in row.children
        if isinstance(child, discord.Button | discord.SelectMenu) and child.custom_id
    ]


def words(message: Any) -> str:
    """What a message says: its text, or the texts of its layout, a line each."""
    found = [message.content] if message.content else []
    for component in walk_components([_data_of(component) for component in message.components]):
        if component.get("type") == discord.ComponentType.text_display.value:
            found.append(component["content"])
    return "\n".join(found)


def gallery(message: Any) -> list[dict[str, Any]]:
    """The pictures that a message's layout shows: their files, alternative texts and whether they are hidden."""
    return [
        item
        for component in walk_components([_data_of(component) for component in message.components])
        if component.get("type") == discord.ComponentType.media_gallery.value
        for item in component["items"]
    ]


def _data_of(component: Any) -> dict[str, Any]:
    data: dict[str, Any] = component if isinstance(component, dict) else component.to_dict()
    return data
