"""Each kind of gathering, played by three people in a real browser; and one by two on Discord and one on the web."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from engine.imaging.image_tools import PillowImageTools
from studio.ports import Ports
from tests.support.gathering_journeys.journeys import JOURNEYS
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
    ports = replace(ports, image_tools=PillowImageTools())
    with web_server(ports) as url:
        stage = WebStage(ports, moved_clock(monkeypatch), url, browser)
        yield stage
        await stage.leave()


@pytest.mark.parametrize("kind", JOURNEYS)
async def test_it_is_played_on_the_web(kind: str, stage: WebStage) -> None:
    await stage.come_in("ana", "bo", "mo")
    await JOURNEYS[kind](stage)
