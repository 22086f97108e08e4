"""Cases in a simulated Slack: pictures to report, the moderators' channel and the records."""

import io
import json
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from studio.db.tables import CaseRow
from studio.domain.events import CaseChanged
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support.loopback_slack.records import ANA, BO, TEAM, Message
from tests.support.slack_sim import SlackRoom, open_slack_room

BO_KEY, ANA_KEY = f"slack:{TEAM}:{BO}", f"slack:{TEAM}:{ANA}"


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


def picture() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(file, "PNG")
    return file.getvalue()


async def finished(
    room: SlackRoom, text: str = "a red fox --count 1", *, user: str = ANA
) -> tuple[str, Message]:
    return await room.finished(text, user=user, png=picture())


def case_rows(room: SlackRoom) -> list[CaseRow]:
    with room.ports.database.read() as session:
        return list(session.query(CaseRow).order_by(CaseRow.opened_at))


async def changed(room: SlackRoom, case_id: str) -> None:
    await room.tell(CaseChanged(case_id=case_id, platform=Platform.SLACK))


def home(room: SlackRoom) -> str:
    return json.dumps(room.slack.homes[ANA][-1]["blocks"])
