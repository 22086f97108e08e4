"""Draws the pictures of the Discord section in the documents: the bot's real messages, painted by Thimble.

The bot runs on simcord, which plays Discord's part and shows its messages in a page of its own; the letters and
colours around them are simcord's, everything inside the messages is what the bot sends. Run it from the repository:

    .venv/bin/pip install "simcord[preview,screenshot]"
    PYTHONPATH=. .venv/bin/python scripts/discord_pictures.py docs

`CHROMIUM` names the browser; without it playwright's own is used.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from PIL import Image
from playwright.async_api import async_playwright
from sqlalchemy import update

from bots.delivery.attachments import decode_preview
from bots.discord.render import send_arguments
from bots.presentation.compose.job_message import PREVIEW, compose_job
from bots.queries.job_view import load_job_view
from engine.catalog.catalog import ModelCatalogue
from engine.generation.device_settings import DeviceSettings
from engine.generation.generator import ImageGenerator
from engine.imaging.image_tools import PillowImageTools
from engine.jobs.job_runner import JobRunner
from engine.jobs.leases import LeaseKeeper
from engine.storage import open_store
from moderation.cases.case_details import read_details
from studio.db import cases, settings
from studio.db.database import Database
from studio.db.tables import CaseRow, PictureRow
from studio.domain.events import CaseChanged, JobAccepted, JobEnded, JobProgress
from studio.domain.jobs import JobState
from studio.domain.people import Person, Platform
from studio.domain.settings.communities import CommunityRules
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.ports import Ports
from tests.support.discord_sim import Room, open_room
from tests.support.fakes import FakeCaseService, FakeEvents, FakeGate, fake_ports
from tests.support.worker_context import worker_context

DESKTOP, PHONE = (760, 1400), (360, 1200)  # width and height in pixels
# Discord lays four pictures out two by two at every width, which simcord's page does not.
_LAYOUT = """
.component-gallery:has(> figure:nth-child(2)) { grid-template-columns: repeat(2, minmax(0, 1fr)) !important; }
.component-gallery .gallery-item { margin: 0 !important; }
.component-gallery .media-lightbox-trigger { width: 100% !important; }
:root { --preview-font-sans: "Liberation Sans", Arial, sans-serif !important; }
"""
_ADD_LAYOUT = f"""
const layout = new CSSStyleSheet();
layout.replaceSync({json.dumps(_LAYOUT)});
addEventListener("DOMContentLoaded", () => document.adoptedStyleSheets.push(layout));
"""
SIMCORD_START = datetime(2026, 1, 1, tzinfo=UTC)
PROMPT = os.environ.get("PROMPT", "a snowman in front of a red house in the snow")
REMIXED = "a snowman in front of a blue house in the snow"
HOLD = Verdict(
    ruling=Ruling.HOLD, rule="meaning", category="violence", evidence="violence: 0.58 (held from 0.50 on)"
)


class Desk(FakeCaseService):
    """With the real details of cases."""

    def read(self, case_id: str) -> Any:
        with self.database.read() as session:
            return read_details(session, cases.find_case(session, case_id))


class Camera:
    def __init__(self, room: Room, folder: Path) -> None:
        self._room = room
        self._folder = folder

    async def take(
        self, name: str, channel: Any, viewer: Any, target: Any, size: tuple[int, int] = DESKTOP
    ) -> None:
        """A picture of one message as `viewer` sees it, with the empty margin cut off."""
        width, height = size
        async with (
            self._room.env.preview(
                channel, viewers=[viewer], display="fixed", width=width, height=height
            ) as preview,
            _browser(preview),
        ):
            await preview.show(target)
            path = self._folder / f"{name}.png"
            await preview.screenshot(path, mode="surface", allow_incomplete=True)
        with Image.open(path) as image:
            shot = image.convert("RGB")
        shot.save(path, optimize=True)
        print(path)


@asynccontextmanager
async def _browser(preview: Any) -> AsyncIterator[None]:
    """The browser that is installed here instead of playwright's own."""
    manager = preview._capture_manager
    manager._playwright = await async_playwright().start()
    manager._browser = await manager._playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox"]
    )
    new_context = manager._browser.new_context

    async def with_layout(**options: Any) -> Any:
        context = await new_context(**options)
        await context.add_init_script(_ADD_LAYOUT)
        return context

    manager._browser.new_context = with_layout
    yield


class Painting:
    """A worker in this process."""

    def __init__(self, ports: Ports, folder: Path) -> None:
        self._ports = ports
        self.events = FakeEvents()
        catalogue = ModelCatalogue.load(None, state=folder / "models")
        self._generator = ImageGenerator(
            catalogue, DeviceSettings(device="cpu", threads=1), default_model="thimble"
        )
        self.work = JobRunner(
            worker_context(ports, name="here", events=self.events),
            generator=self._generator,
            leases=LeaseKeeper(ports.database, worker="here", lease_seconds=60),
        )

    async def paint(self, room: Room, job_id: str) -> list[JobProgress]:
        """Paint it, show its end, and return what was announced on the way."""
        self.events.announced.clear()
        await asyncio.to_thread(self.work.run, job_id)
        return list(self.events.announced)

    def close(self) -> None:
        self._generator.close()


async def show_end(room: Room, job_id: str) -> None:
    await room.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.DONE))


async def take_all(room: Room, painting: Painting, camera: Camera) -> None:
    job_id = await room.imagine(room.ana, PROMPT, seed=7)
    announced = await painting.paint(room, job_id)
    half = next(
        progress for progress in announced if progress.preview and progress.step * 2 >= progress.steps
    )
    await show_progress(room, camera, job_id, half)
    await show_end(room, job_id)
    result = room.message
    which = await room.ana.click(result, label="More")
    more = await room.ana.click(which.response.message, label="2")
    await camera.take("discord-more", room.channel, room.ana, more.response.message)

    await build_on(room, painting, job_id)
    marked = next(message for message in room.messages if message.id == result.id)
    await camera.take("discord-grid", room.channel, room.ana, marked)
    await camera.take("discord-phone", room.channel, room.ana, marked, PHONE)
    single = await room.imagine(room.ana, "a blue boat on a green sea", seed=3, count=1)
    await painting.paint(room, single)
    await show_end(room, single)
    overlay = await room.ana.click(room.message, label="Edit")
    await camera.take("discord-edit", room.channel, room.ana, overlay.response.message)

    date_pictures(room.ports.database)
    tree = await room.mod.slash(room.channel, "lineage", picture=f"{job_id}.2")
    await camera.take("discord-lineage", room.channel, room.mod, tree.response.message)
    await take_case(room, painting, camera)


def date_pictures(database: Database) -> None:
    """As old as the messages, which have simcord's clock: else they would come from the future."""
    with database.begin() as session:
        session.execute(update(PictureRow).values(created_at=SIMCORD_START))


async def build_on(room: Room, painting: Painting, job_id: str) -> None:
    """Bo varies a picture of Ana's, the moderator gives one of his other words, and Ana edits another."""
    await room.bo.slash(room.channel, "vary", picture=f"{job_id}.2", count=3)
    child = room.newest_job()
    room.allow_edit(job_id)
    await room.tell(JobAccepted(job_id=child, platform=Platform.DISCORD))  # marks the button of picture 2
    await painting.paint(room, child)
    steps = (
        (room.mod, "remix", {"picture": f"{child}.1", "prompt": REMIXED, "count": 1}),
        (room.ana, "vary", {"picture": f"{child}.3", "strength": "subtle", "count": 2}),
    )
    for who, name, values in steps:
        await who.slash(room.channel, name, **values)
        await painting.paint(room, room.newest_job())


async def show_progress(room: Room, camera: Camera, job_id: str, half: JobProgress) -> None:
    """The job is over in the records by now, but its message still shows the step."""
    job_view = load_job_view(room.ports.database, job_id)
    painting = replace(job_view, job=replace(job_view.job, state=JobState.PAINTING), pictures=())
    preview = decode_preview(half.preview or "")
    arguments = send_arguments(compose_job(painting, half), {PREVIEW: preview} if preview else {})
    with room.env._bot_scope():
        message = await room.bot.get_partial_messageable(room.channel.id).send(**arguments)
    await room.env.settle()
    await camera.take("discord-progress", room.channel, room.ana, message)
    with room.env._bot_scope():
        await message.delete()


async def take_case(room: Room, painting: Painting, camera: Camera) -> None:
    channel = room.guild.create_text_channel("desk")
    by = Person(platform=Platform.DISCORD, community=str(room.guild.id), user_id="1", display_name="")
    with room.ports.database.begin() as session:
        settings.save_community_rules(session, CommunityRules(desk_channel=str(channel.id)), by=by)
    gate = cast("FakeGate", room.ports.gate)
    gate.picture_verdict = HOLD
    job_id = await room.imagine(room.bo, "a red knight with a sword", seed=5, count=1)
    await painting.paint(room, job_id)
    gate.picture_verdict = ALLOWED
    with room.ports.database.read() as session:
        case_id = session.query(CaseRow).one().id
    await room.tell(CaseChanged(case_id=case_id, platform=Platform.DISCORD))
    await camera.take("discord-case", channel, room.mod, channel.history()[-1])


async def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        ports = fake_ports(f"sqlite:///{home}/studio.sqlite3")
        ports = replace(
            ports,
            store=open_store(f"{home}/pictures"),
            image_tools=PillowImageTools(),
            desk=Desk(database=ports.database),
        )
        painting = Painting(ports, Path(home))
        async with open_room(ports, Path(home)) as room:
            room.env.backend.bot_user.name = "Chatelier"
            await take_all(room, painting, Camera(room, folder))
        painting.close()
        ports.database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
