"""Each kind of gathering, played by three people in a real browser; and one by two on Discord and one on the web."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.imaging.image_tools import PillowImageTools
from studio.ports import Ports
from tests.support.discord_sim import open_room
from tests.support.gathering_journeys.journeys import JOURNEYS
from tests.support.gathering_journeys.mixed import EventsByPlatform, MixedStage
from tests.support.gathering_journeys.on_discord import DiscordStage
from tests.support.gathering_journeys.on_web import BrowserThread, WebStage, web_server
from tests.support.gatherings import moved_clock

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[BrowserThread]:
    opened = BrowserThread(chromium_path)
    yield opened
    opened.close()


@pytest.fixture
async def stage(
    ports: Ports, browser: BrowserThread, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WebStage]:
    ports = replace(ports, image_tools=PillowImageTools(), events=EventsByPlatform())
    with web_server(ports) as url:
        stage = WebStage(ports, moved_clock(monkeypatch), url, browser)
        yield stage
        await stage.leave()


@pytest.mark.thorough("mural")
@pytest.mark.parametrize("kind", JOURNEYS)
async def test_it_is_played_on_the_web(kind: str, stage: WebStage) -> None:
    await stage.come_in("ana", "bo", "mo")
    await JOURNEYS[kind](stage)


@pytest.mark.thorough
async def test_two_on_discord_and_one_on_the_web_play_an_evolution(stage: WebStage, tmp_path: Path) -> None:
    await stage.come_in("bo")
    async with open_room(stage.ports, tmp_path / "home") as room:
        mixed = MixedStage(DiscordStage(stage.ports, stage.clock, room), stage)
        await mixed.link()
        await JOURNEYS["evolution"](mixed)
