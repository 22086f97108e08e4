"""Cases in a simulated Discord: held prompts and pictures, and the messages about them."""

import re
from typing import Any

import pytest

from studio.db import settings
from studio.db.tables import CaseRow
from studio.domain.events import CaseChanged
from studio.domain.people import Person, Platform
from studio.domain.settings.communities import CommunityRules
from studio.domain.verdicts import Ruling, Verdict
from tests.support import discord_sim
from tests.support.discord_sim import Room, words

room, painted = discord_sim.room, discord_sim.painted

HOLD = Verdict(ruling=Ruling.HOLD, rule="meaning", category="gore", evidence="gore: 0.61")


@pytest.fixture
def desk(room: Room) -> Any:
    """The channel in which the moderators see cases."""
    channel = room.guild.create_text_channel("desk")
    govern(room, CommunityRules(desk_channel=str(channel.id)))
    return channel


def govern(room: Room, rules: CommunityRules) -> None:
    by = Person(platform=Platform.DISCORD, community=str(room.guild.id), user_id="1", display_name="")
    with room.ports.database.begin() as session:
        settings.save_community_rules(session, rules, by=by)


def case_of(room: Room) -> CaseRow:
    with room.ports.database.read() as session:
        return session.query(CaseRow).order_by(CaseRow.opened_at).all()[-1]


async def changed(room: Room) -> None:
    await room.tell(CaseChanged(case_id=case_of(room).id, platform=Platform.DISCORD))


async def held_prompt(room: Room, prompt: str = "a doubtful thing") -> str:
    room.ports.gate.verdict = HOLD  # type: ignore[attr-defined]
    await room.ana.slash(room.channel, "imagine", prompt=prompt)
    await changed(room)
    return case_of(room).id


def facts(message: Any) -> dict[str, str]:
    """Labels and texts of what a message lists."""
    found = (re.fullmatch(r"\*\*(.+?)\*\* (.+)", line) for line in words(message).splitlines())
    return {match[1]: match[2] for match in found if match}
