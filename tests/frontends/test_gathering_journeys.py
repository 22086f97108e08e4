"""Each kind of gathering, played by three people on the real discord.py and slack_bolt from its opening to its end."""

from pathlib import Path

import pytest

from studio.ports import Ports
from tests.support.discord_sim import open_room
from tests.support.gathering_journeys.journeys import JOURNEYS
from tests.support.gathering_journeys.on_discord import DiscordStage
from tests.support.gathering_journeys.on_slack import SlackStage
from tests.support.gatherings import moved_clock
from tests.support.slack_sim import open_slack_room


@pytest.mark.thorough("telephone", "contest")
@pytest.mark.parametrize("kind", JOURNEYS)
async def test_it_is_played_on_discord(
    kind: str, ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = moved_clock(monkeypatch)
    async with open_room(ports, tmp_path / "home") as room:
        await JOURNEYS[kind](DiscordStage(ports, clock, room))


@pytest.mark.thorough("evolution", "mural")
@pytest.mark.parametrize("kind", JOURNEYS)
async def test_it_is_played_on_slack(kind: str, ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = moved_clock(monkeypatch)
    async with open_slack_room(ports) as room:
        await JOURNEYS[kind](SlackStage(ports, clock, room))
