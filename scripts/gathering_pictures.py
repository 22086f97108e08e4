"""Draws each kind of gathering as it looks on Discord, on Slack and on the web, painted by the bundled model.

Three people play on the real front ends, as in the tests' journeys; `discord_pictures` and `slack_pictures` say what in
the pictures is the front ends' own. Their requirements are those of this script, too.

    PYTHONPATH=. CHROMIUM=/usr/bin/chromium nice .venv/bin/python scripts/gathering_pictures.py docs
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import async_playwright
from playwright.sync_api import Page

from engine.imaging.image_tools import PillowImageTools
from engine.jobs.job_runner import JobRunner
from engine.jobs.leases import LeaseKeeper
from engine.storage import open_store
from scripts.discord_pictures import SIMCORD_START, Painting
from scripts.discord_pictures import Camera as DiscordCamera
from scripts.slack_pictures import Camera as SlackCamera
from scripts.slack_pictures import Drawing
from studio.clock import now
from studio.ports import Ports
from tests.support.discord_sim import open_room
from tests.support.fakes import fake_ports
from tests.support.gathering_journeys.on_discord import DiscordStage
from tests.support.gathering_journeys.on_slack import SlackStage
from tests.support.gathering_journeys.on_web import BrowserThread, WebStage, web_server
from tests.support.gathering_journeys.stage import Stage
from tests.support.gatherings import Clock, moved_clock
from tests.support.slack_sim import open_slack_room
from tests.support.worker_context import worker_context

Take = Callable[[str], Awaitable[None]]  # a picture of the gathering's message, under a name

_WIDTH, _GAP, _QUALITY = 560, 24, 82  # pixels of each platform, between them; of a WebP
_GROUND = (246, 245, 242)


async def play_mural(stage: Stage) -> None:
    await stage.type("ana", "mural", theme="a calm sea under a blue sky", size="2x2")
    await stage.paint()
    await stage.press("ana", "Choose mine")
    await stage.press("ana", "1")
    for who, cell, words in (("bo", "B1", "a sailing boat"), ("mo", "A2", "a fish")):
        await stage.fill(who, "Paint a cell", part=f"Cell {cell}", words=words)
        await stage.paint()
        await stage.press(who, "Choose mine")
        await stage.press(who, "1")
    stage.forget_panels()


async def play_evolution(stage: Stage) -> None:
    await stage.type("ana", "evolve", words="a lighthouse by the sea", rounds=2, children=4, vote="10m")
    await stage.paint()
    for who, label in (("ana", "1"), ("bo", "2")):
        await stage.press(who, label)


async def play_telephone(stage: Stage) -> None:
    await stage.type("ana", "telephone", players=3)
    for who in ("bo", "mo"):
        await stage.press(who, "Join")
    for words in ("a red fox in the snow", "an orange cat on ice", "a cat on a frozen lake"):
        seen = {who: await stage.press(who, "My turn") for who in ("ana", "bo", "mo")}
        (player,) = [who for who, text in seen.items() if "not your turn" not in text]
        await stage.fill(player, "Write", words=words)
        await stage.paint()
        await stage.press(player, "My turn")
        await stage.press(player, "1")
    for _ in range(2):
        await stage.pass_by(minutes=1)


async def play_contest(stage: Stage) -> None:
    await stage.type("ana", "contest", title="Autumn light", closes="1h", voting="1h")
    for who, prompt in (("bo", "a red apple"), ("mo", "a tree in autumn")):
        await stage.fill(who, "Enter", picture=await stage.own_picture(who, prompt))
    await stage.pass_by(minutes=61)
    for who in ("ana", "bo"):
        await stage.press(who, "Vote")
        await stage.press(who, "1")
    await stage.pass_by(minutes=61)


PLAYS: Mapping[str, Callable[[Stage], Awaitable[None]]] = {
    "evolution": play_evolution,
    "mural": play_mural,
    "telephone": play_telephone,
    "contest": play_contest,
}


@contextmanager
def painted_ports() -> Iterator[tuple[Ports, Clock, Painting, Path]]:
    patch = pytest.MonkeyPatch()
    with tempfile.TemporaryDirectory() as home:
        ports = fake_ports(f"sqlite:///{home}/studio.sqlite3")
        ports = replace(ports, store=open_store(f"{home}/pictures"), image_tools=PillowImageTools())
        painting = Painting(ports, Path(home))
        try:
            yield ports, moved_clock(patch), painting, Path(home)
        finally:
            patch.undo()
            painting.close()
            ports.database.close()


def worker_of(ports: Ports, painting: Painting) -> JobRunner:
    """One that tells the front ends when a job ends."""
    return JobRunner(
        worker_context(ports, name="here", events=ports.events),
        generator=painting._generator,
        leases=LeaseKeeper(ports.database, worker="here", lease_seconds=60),
    )


@asynccontextmanager
async def on_discord(folder: Path) -> AsyncIterator[tuple[Stage, Take]]:
    with painted_ports() as (ports, clock, painting, home):
        async with open_room(ports, home) as room:
            room.env.backend.bot_user.name = "Chatelier"
            clock.ahead = SIMCORD_START - now()  # the times in messages are told by simcord's clock
            stage = DiscordStage(ports, clock, room)
            stage._worker = worker_of(ports, painting)
            camera = DiscordCamera(room, folder)

            async def take(name: str) -> None:
                await camera.take(name, room.channel, room.ana, stage._message)

            yield stage, take


@asynccontextmanager
async def on_slack(folder: Path) -> AsyncIterator[tuple[Stage, Take]]:
    with painted_ports() as (ports, clock, painting, _):
        async with async_playwright() as playwright, open_slack_room(ports) as room:
            browser = await playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox"]
            )
            stage = SlackStage(ports, clock, room)
            stage._worker = worker_of(ports, painting)
            camera = SlackCamera(browser, folder)

            async def take(name: str) -> None:
                await camera.take(name, Drawing(room.slack).message(stage._message))

            yield stage, take
            await browser.close()


@asynccontextmanager
async def on_web(folder: Path) -> AsyncIterator[tuple[Stage, Take]]:
    browser = BrowserThread(os.environ.get("CHROMIUM", "chromium"))
    with painted_ports() as (ports, clock, painting, _), web_server(ports) as url:
        stage = WebStage(ports, clock, url, browser)
        stage._worker = worker_of(ports, painting)
        await stage.come_in("ana", "bo", "mo")

        async def take(name: str) -> None:
            await stage.read()
            await browser.run(photograph, stage.pages["ana"], folder / f"{name}.png")

        yield stage, take
        await stage.leave()
    browser.close()


def photograph(page: Page, path: Path) -> None:
    """The page of the gathering above the feed, as tall as it is."""
    page.set_viewport_size({"width": 900, "height": 1400})
    page.wait_for_function(
        "() => [...document.querySelectorAll('dialog[open] img')].every((i) => i.complete)"
    )
    page.evaluate("() => { document.querySelector('#notice').style.display = 'none' }")
    page.mouse.move(5, 5)
    page.locator("#dialog").screenshot(path=path, animations="disabled")


PLATFORMS = {"discord": on_discord, "slack": on_slack, "web": on_web}


def put_side_by_side(pictures: list[Path], path: Path) -> None:
    """All as wide as each other."""
    found = [Image.open(picture).convert("RGB") for picture in pictures]
    scaled = [
        image.resize((_WIDTH, image.height * _WIDTH // image.width), Image.Resampling.LANCZOS)
        for image in found
    ]
    height = max(image.height for image in scaled) + 2 * _GAP
    sheet = Image.new("RGB", (len(scaled) * (_WIDTH + _GAP) + _GAP, height), _GROUND)
    for number, image in enumerate(scaled):
        sheet.paste(image, (_GAP + number * (_WIDTH + _GAP), _GAP))
    sheet.save(path, "WEBP", quality=_QUALITY, method=6)
    print(path)


async def main(folder: Path, kinds: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        shots = Path(name)
        for kind in kinds or list(PLAYS):
            for platform, open_stage in PLATFORMS.items():
                async with open_stage(shots) as (stage, take):
                    await PLAYS[kind](stage)
                    await take(f"{kind}-{platform}")
            put_side_by_side(
                [shots / f"{kind}-{platform}.png" for platform in PLATFORMS],
                folder / f"gathering-{kind}.webp",
            )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
