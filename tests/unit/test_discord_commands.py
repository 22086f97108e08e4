"""Slash commands: built from the catalogue, acknowledged, answered in one message."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from studio.ports import Ports
from tests.discord_room import Room, open_room


@pytest.fixture
async def room(ports: Ports, tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(ports, tmp_path / "home") as opened:
        yield opened


async def test_imagine_leaves_one_message_that_shows_where_the_job_stands(room: Room) -> None:
    await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    (job,) = room.jobs()
    assert "a red fox" in room.message.content
    assert f"<@{room.ana.id}>" in room.message.content
    assert "You are next" in room.message.content
    assert len(room.channel.history()) == 1
    assert job.community == str(room.guild.id)
