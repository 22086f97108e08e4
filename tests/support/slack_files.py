"""The files of a simulated Slack: what is recorded of them, and previews to upload."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from bots.slack.db_tables import SlackFileRow
from studio.clock import now
from studio.ports import Ports
from tests.support.slack_sim import SlackRoom, open_slack_room


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports, preview_first_seconds=0.0, preview_every_seconds=0.0) as opened:
        yield opened


def rows(room: SlackRoom) -> dict[str, SlackFileRow]:
    with room.ports.database.read() as session:
        return {row.id: row for row in session.query(SlackFileRow)}


async def sweep(room: SlackRoom) -> None:
    """As when some minutes have passed."""
    with room.ports.database.begin() as session:
        soon = SlackFileRow.unwanted_at < now() + timedelta(minutes=5)
        session.execute(update(SlackFileRow).where(soon).values(unwanted_at=now()))
    await room.app.file_cleanup.sweep()
